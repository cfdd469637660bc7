// The saved state of a training run: reading it changes nothing, and a run that has not started
// passes on the state that it was given.
#include <map>

#include "fixtures.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/negative/negative_phase.hpp"
#include "learning/trainer.hpp"
#include "sampling/row_chunks.hpp"
#include "training.hpp"

namespace boltzkit::test {
namespace {

constexpr std::size_t visible = 5, hidden = 3, rowCount = 12;
const Cancelled running{false};

std::vector<LayerRows> rows() {
  const Values values = randomValues(rowCount * visible, 7, Kind::binary, 0.5);
  auto rows = std::make_shared<Rows>(visible, Domain{});
  rows->append(Rows::Source<double>{values.data(), 0, visible, 1, rowCount});
  return {{0, rows}};
}

Machine machine() {
  return {makeReferenceBackend(), Wiring({{"v", UnitType::bernoulli, visible}, {"h", UnitType::bernoulli, hidden}}, {{0, 1}}), 3, 0.5};
}

void train(Trainer& trainer) { trainer.run(trainer.totalSteps(), running, nullptr, nullptr); }

void checkSame(const TrainerState& a, const TrainerState& b) {
  REQUIRE(a.tensors.size() == b.tensors.size());
  for (const auto& [name, saved] : a.tensors) {
    CAPTURE(name);
    REQUIRE(b.tensors.contains(name));
    CHECK(saved.values == b.tensors.at(name).values);
  }
}

TEST_CASE("a negative phase's tensors stay the same however often they are asked for") {
  for (const Algorithm algorithm : {Algorithm::cd, Algorithm::pcd, Algorithm::fpcd, Algorithm::pt, Algorithm::ptt, Algorithm::exact}) {
    CAPTURE(static_cast<int>(algorithm));
    Machine m = machine();
    const TrainerOptions o = options(algorithm);
    const LayerData data(m, rows());
    const std::unique_ptr<NegativePhase> phase = makeNegativePhase(m, o, data);
    phase->start(data);
    const std::map<std::string, Tensor*> first = phase->tensors();
    phase->settle();
    CHECK(phase->tensors() == first);
  }
}

TEST_CASE("a run that continues another and is not begun yet saves what it was given") {
  for (const Algorithm algorithm : {Algorithm::pcd, Algorithm::fpcd, Algorithm::pt, Algorithm::ptt}) {
    CAPTURE(static_cast<int>(algorithm));
    Machine m = machine();
    Trainer first(contrastiveUpdate(m, options(algorithm), rows(), {}, {}), options(algorithm), nullptr, false);
    train(first);
    const TrainerState given = first.state();
    checkSame(given, first.state());
    const Trainer second(contrastiveUpdate(m, options(algorithm), rows(), {}, {}), options(algorithm), &given, false);
    TrainerState expected = given;
    std::erase_if(expected.tensors, [](const auto& saved) { return saved.first == "limits"; });
    TrainerState saved = second.state();
    std::erase_if(saved.tensors, [](const auto& tensor) { return tensor.first == "limits"; });
    checkSame(expected, saved);
  }
}

TEST_CASE("a refused update is none of those that Adam counts") {
  Machine m = machine();
  TrainerOptions o = options(Algorithm::pcd);
  o.learningRates = {0.3, 0.3, 1e308};
  Trainer trainer(contrastiveUpdate(m, o, rows(), {}, {}), o, nullptr, false);
  CHECK_THROWS_AS(train(trainer), Error);
  CHECK(trainer.step() == 2);
  CHECK(trainer.state().counters.at("updates") == 2);
}

}  // namespace
}  // namespace boltzkit::test
