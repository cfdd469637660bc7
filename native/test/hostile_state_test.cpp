// Training and chain states from a damaged or hostile file must be refused with an error, without
// access to foreign memory.
#include <limits>

#include "fixtures.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/trainer.hpp"
#include "sampling/chains.hpp"
#include "training.hpp"

namespace boltzkit::test {
namespace {

constexpr std::size_t visible = 5, hidden = 3, rowCount = 12;
const Cancelled running{false};

std::vector<LayerRows> rows(double value = 1) {
  Values values = randomValues(rowCount * visible, 7, Kind::binary, 0.5);
  for (double& x : values) x *= value;
  auto rows = std::make_shared<Rows>(visible, Domain{-1e30, 1e30});
  rows->append(Rows::Source<double>{values.data(), 0, visible, 1, rowCount});
  return {{0, rows}};
}

Machine machine(UnitType type = UnitType::bernoulli) {
  return {makeReferenceBackend(), Wiring({{"v", type, visible}, {"h", UnitType::bernoulli, hidden}}, {{0, 1}}), 3, 0.5};
}

// The state after 7 of 60 updates.
TrainerState interrupted(const TrainerOptions& o) {
  Machine m = machine();
  Trainer trainer(contrastiveUpdate(m, o, rows(), {}, {}), o, nullptr, false);
  trainer.run(7, running, nullptr, nullptr);
  return trainer.state();
}

void goOn(const TrainerOptions& o, const TrainerState& state, bool resume) {
  Machine m = machine();
  Trainer trainer(contrastiveUpdate(m, o, rows(), {}, {}), o, &state, resume);
  trainer.run(trainer.totalSteps(), running, nullptr, nullptr);
}

TEST_CASE("a trajectory without its reservoirs is refused") {
  const TrainerOptions o = options(Algorithm::ptt);
  for (const char* missing :
       {"reservoir0/v.bias", "reservoir0/h.bias", "reservoir0/v-h.weights", "reservoir0/link", "reservoir0/chains/v"}) {
    CAPTURE(missing);
    TrainerState state = interrupted(o);
    REQUIRE(state.tensors.erase(missing) == 1);
    for (const bool resume : {true, false}) CHECK_THROWS_AS(goOn(o, state, resume), Error);
  }
}

TEST_CASE("replicas that do not stand on the rungs of their ladder are refused") {
  const TrainerOptions o = options(Algorithm::pt);
  for (const double rung : {1.0, 2.0, -1.0, 1e30, std::nan("")}) {
    CAPTURE(rung);
    TrainerState state = interrupted(o);
    for (double& at : state.tensors.at("rungs").values) at = rung;
    CHECK_THROWS_AS(goOn(o, state, true), Error);
    if (std::isfinite(rung)) CHECK_THROWS_AS(goOn(o, state, false), Error);
  }
}

TEST_CASE("what an update left infinite stops a run that goes on and is left out of a new one") {
  TrainerOptions o = options(Algorithm::pcd);
  o.optimiser.kind = OptimiserStep::Kind::adam;
  for (const char* name : {"second/h.bias", "velocity/v.bias", "offset/h", "chains/h"}) {
    CAPTURE(name);
    TrainerState state = interrupted(o);
    state.tensors.at(name).values[0] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(goOn(o, state, true), doctest::Contains("not finite"), Error);
    Machine m = machine();
    Trainer next(contrastiveUpdate(m, o, rows(), {}, {}), o, &state, false);
    next.run(5, running, nullptr, nullptr);
    for (const auto& [kept, saved] : next.state().tensors)
      for (const double x : saved.values) CHECK(std::isfinite(x));
  }
}

// A run that rolls back to a good state at its first update, because the learning rate makes
// parameters infinite.
void goBack(const std::function<void(TrainerState&)>& damage) {
  TrainerOptions o = options(Algorithm::pcd);
  o.onDivergence = TrainerOptions::FallBack{3, 0.5};
  TrainerState state = interrupted(o);
  damage(state);
  o.learningRates = {1e308};
  goOn(o, state, true);
}

TEST_CASE("a good state is put back only if it is one of this run") {
  CHECK_THROWS_WITH_AS(goBack([](TrainerState&) {}), doctest::Contains("did not help"), Error);
  const TrainerState::Saved tiny{1, 1, {0.5}}, large{70, 90, std::vector<double>(70 * 90, 0.5)};
  for (const char* name : {"good/parameter/v-h.weights", "good/velocity/v.bias", "good/chains/v"})
    for (const TrainerState::Saved& other : {tiny, large}) {
      CAPTURE(name);
      CHECK_THROWS_WITH_AS(goBack([&](TrainerState& state) { state.tensors.at(name) = other; }), doctest::Contains("cannot go back"),
                           Error);
    }
  CHECK_THROWS_WITH_AS(goBack([&](TrainerState& state) { state.tensors["good/no such thing"] = tiny; }),
                       doctest::Contains("cannot go back"), Error);
  CHECK_THROWS_WITH_AS(goBack([](TrainerState& state) { state.tensors.erase("good/parameter/h.bias"); }),
                       doctest::Contains("cannot go back"), Error);
  CHECK_THROWS_AS(goBack([](TrainerState& state) { state.tensors.at("good/chains/v").values.pop_back(); }), Error);
}

TEST_CASE("chains whose ladder is none are refused before anything is drawn") {
  Machine m = machine();
  ChainOptions o;
  o.chains = 6;
  ChainResults results;
  const auto run = [&](std::vector<double> betas, std::vector<std::uint32_t> rung, std::uint64_t every = 1) {
    o.tempered = ChainOptions::Tempered{{std::move(betas), every}, {rung, std::vector<std::uint8_t>(rung.size(), 0)}};
    runChains(m, o, results, running);
  };
  CHECK_NOTHROW(run({0, 0.5, 1}, {0, 1, 2, 2, 1, 0}));
  CHECK_THROWS_AS(run({}, {0, 0, 0, 0, 0, 0}), Error);
  CHECK_THROWS_AS(run({1}, {0, 0, 0, 0, 0, 0}), Error);
  CHECK_THROWS_AS(run({0, 0.5, 1}, {0, 1, 2, 2, 1, 2}), Error);
  CHECK_THROWS_AS(run({0, 0.5, 1}, {0, 1, 2, 2, 1, 3}), Error);
  CHECK_THROWS_AS(run({0, 0.4, 0.6, 1}, {0, 1, 2, 3, 0, 1}), Error);
  CHECK_THROWS_AS(run({0, 0.5, 1}, {0, 1, 2, 2, 1, 0}, 0), Error);
}

}  // namespace
}  // namespace boltzkit::test
