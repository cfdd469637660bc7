// Training of the softmax rating machine: against plain loops over all rows, and stopped, resumed and
// run on other numbers of threads.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "fixtures.hpp"
#include "ratings/softmax_trainer.hpp"

namespace boltzkit::test {
namespace {

using namespace ratings;

std::shared_ptr<const RatedEntries> drawn(std::size_t users, std::size_t items, std::size_t n, std::uint64_t seed) {
  Dice dice(seed);
  auto entries = std::make_shared<RatedEntries>(users, items);
  std::vector<std::uint32_t> u, i;
  std::vector<float> r;
  for (std::size_t k = 0; k < n; ++k) {
    u.push_back(static_cast<std::uint32_t>(dice.below(users)));
    i.push_back(static_cast<std::uint32_t>(dice.below(items - 1)));  // the last item has no entries
    r.push_back(static_cast<float>(1 + (u.back() + i.back() + dice.below(2)) % 4));
  }
  entries->append(u, i, r);
  entries->finish();
  return entries;
}

SoftmaxSpec spec() { return {.hidden = 20, .values = {1, 2, 3, 4}, .degree = 2}; }

SoftmaxOptions optionsOf(bool persistent, bool byItem) {
  SoftmaxOptions o;
  o.byItem = byItem;
  o.epochs = 6;
  o.batch = 7;
  o.lastSweeps = 3;
  o.averaged = 0.5;
  o.seed = 11;
  if (persistent) {
    o.algorithm = SoftmaxAlgorithm::persistent;
    o.means = false;
  }
  return o;
}

bool same(const SoftmaxState& a, const SoftmaxState& b) {
  return a.epoch == b.epoch && a.update == b.update && a.averagedEpochs == b.averagedEpochs && a.weights == b.weights &&
         a.weightVelocity == b.weightVelocity && a.weightMean == b.weightMean && a.bias == b.bias && a.biasVelocity == b.biasVelocity &&
         a.biasMean == b.biasMean && a.hiddenBias == b.hiddenBias && a.hiddenVelocity == b.hiddenVelocity && a.hiddenMean == b.hiddenMean &&
         a.chains == b.chains;
}

TEST_CASE("softmax training: the same bits on any number of threads, and after a resume") {
  const auto entries = drawn(90, 40, 700, 1);
  const Cancelled no(false);
  for (const bool persistent : {false, true})
    for (const bool byItem : {false, true}) {
      CAPTURE(persistent);
      CAPTURE(byItem);
      SoftmaxOptions options = optionsOf(persistent, byItem);
      SoftmaxTrainer alone(entries, spec(), options);
      alone.run(100, no);
      CHECK(alone.epoch() == 6);
      options.threads = 3;
      SoftmaxTrainer team(entries, spec(), options);
      team.run(2, no);
      const SoftmaxState half = team.state();
      team.run(4, no);
      CHECK(same(alone.state(), team.state()));
      SoftmaxTrainer resumed(entries, spec(), options);
      resumed.restore(half);
      CHECK(same(resumed.state(), half));
      resumed.run(100, no);
      CHECK(same(alone.state(), resumed.state()));
      CHECK(alone.machine()->weights() == resumed.machine()->weights());
      options.seed = 12;
      SoftmaxTrainer other(entries, spec(), options);
      other.run(100, no);
      CHECK(!(other.state().weights == alone.state().weights));
    }
}

// The equations of softmax_trainer.hpp in double precision, with a step on every row in every update.
// Draws come from the code under test, given the plain loops' parameters.
struct Plain {
  const RatedEntries& entries;
  SoftmaxOptions options;
  SoftmaxMachine machine;
  std::vector<double> weights, velocity, bias, biasVelocity, hidden, hiddenVelocity;

  void put() {
    for (std::size_t x = 0; x < weights.size(); ++x) machine.weights()[x] = static_cast<float>(weights[x]);
    for (std::size_t x = 0; x < bias.size(); ++x) machine.visibleBias()[x] = static_cast<float>(bias[x]);
    for (std::size_t x = 0; x < hidden.size(); ++x) machine.hiddenBias()[x] = static_cast<float>(hidden[x]);
  }

  void update(std::span<const std::uint32_t> cases, std::uint64_t number, double rate, const std::vector<double>& centre) {
    put();
    const std::size_t size = machine.rowSize(), stride = machine.stride(), k = machine.categories();
    std::vector<double> gradient(weights.size()), biasGradient(bias.size()), hiddenGradient(stride);
    std::vector<bool> touched(machine.visibles());
    CaseScratch scratch(machine);
    for (const std::uint32_t c : cases) {
      const EntryRows::Row row = entries.byUser().row(c);
      const std::size_t n = row.size();
      std::vector<std::uint8_t> data(n);
      for (std::size_t e = 0; e < n; ++e) data[e] = static_cast<std::uint8_t>(row.value(e) - 1);
      LineFloats first(stride), second(stride);
      std::vector<float> factors(n * machine.components()), masses(n * k);
      runPhases(machine, 1, options.means, options.seed, number, c,
                {.visibles = row.columns,
                 .categories = data.data(),
                 .chain = nullptr,
                 .dataMeans = first.data(),
                 .modelMeans = second.data(),
                 .modelFactors = factors.data(),
                 .modelMasses = masses.data()},
                scratch);
      for (std::size_t e = 0; e < n; ++e) {
        const std::size_t i = row.columns[e];
        touched[i] = true;
        for (std::size_t x = 0; x < size; ++x) {
          const std::size_t component = x / stride, j = x % stride;
          gradient[i * size + x] += static_cast<double>(machine.factorsOf(data[e])[component]) * static_cast<double>(first[j]) -
                                    static_cast<double>(factors[e * machine.components() + component]) * static_cast<double>(second[j]);
        }
        for (std::size_t a = 0; a < k; ++a) biasGradient[i * k + a] += (a == data[e] ? 1.0 : 0.0) - static_cast<double>(masses[e * k + a]);
      }
      for (std::size_t j = 0; j < stride; ++j) hiddenGradient[j] += static_cast<double>(first[j]) - static_cast<double>(second[j]);
    }
    const double m = options.momentum;
    for (std::size_t x = 0; x < weights.size(); ++x) {
      const std::size_t i = x / size, component = x % size / stride;
      const double share = std::sqrt(100 / static_cast<double>(std::max<std::size_t>(1, entries.byItem().size(i))));
      const double decay = touched[i] ? share * options.decay[std::min(component, options.decay.size() - 1)] : 0, middle = centre[x % size];
      velocity[x] = m * velocity[x] + (1 - m) * rate * gradient[x];
      weights[x] = middle + (1 - rate * decay) * (weights[x] - middle) + velocity[x];
    }
    for (std::size_t x = 0; x < bias.size(); ++x) bias[x] += biasVelocity[x] = m * biasVelocity[x] + (1 - m) * rate * biasGradient[x];
    for (std::size_t j = 0; j < machine.hidden(); ++j)
      hidden[j] += hiddenVelocity[j] = m * hiddenVelocity[j] + (1 - m) * rate * 0.3 * hiddenGradient[j];
  }
};

TEST_CASE("softmax training: rows that coast end where steps on every row lead") {
  const auto entries = drawn(60, 80, 300, 5);  // five entries a user: a batch leaves most rows alone
  SoftmaxOptions options = optionsOf(false, false);
  options.epochs = 1;
  options.batch = 2;
  options.averaged = 0;
  options.lastSweeps = 1;
  options.decay = {0.1, 0.04, 0.2};
  SoftmaxTrainer trainer(entries, spec(), options);
  const SoftmaxState start = trainer.state();
  SoftmaxSpec shape = spec();
  shape.visibles = 80;
  const auto doubles = [](const auto& floats) { return std::vector<double>(floats.begin(), floats.end()); };
  Plain plain{*entries,
              options,
              SoftmaxMachine(shape),
              doubles(start.weights),
              doubles(start.weightVelocity),
              doubles(start.bias),
              doubles(start.biasVelocity),
              doubles(start.hiddenBias),
              doubles(start.hiddenVelocity)};
  const std::size_t size = plain.machine.rowSize();
  std::vector<double> centre(size), counts(80);
  for (std::size_t i = 0; i < 80; ++i) counts[i] = std::sqrt(static_cast<double>(entries->byItem().size(i)));
  double total = 0;
  for (std::size_t i = 0; i < 80; ++i) {
    total += counts[i];
    for (std::size_t x = 0; x < size; ++x) centre[x] += counts[i] * plain.weights[i * size + x];
  }
  for (double& x : centre) x /= total;
  const std::vector<std::uint32_t> order = trainer.order();
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < order.size(); at += options.batch)
    plain.update(std::span(order).subspan(at, std::min(options.batch, order.size() - at)), number++, options.rate, centre);
  trainer.run(1, Cancelled(false));
  const SoftmaxState end = trainer.state();
  double moved = 0;
  // Tolerances: float against double over 30 steps. A hidden unit drawn the other way would change a
  // weight by 1e-3 and more.
  for (std::size_t x = 0; x < end.weights.size(); ++x) {
    CHECK(std::fabs(static_cast<double>(end.weights[x]) - plain.weights[x]) < 2e-6);
    CHECK(std::fabs(static_cast<double>(end.weightVelocity[x]) - plain.velocity[x]) < 2e-6);
    moved = std::max(moved, std::fabs(plain.weights[x] - static_cast<double>(start.weights[x])));
  }
  CHECK(moved > 0.01);
  for (std::size_t x = 0; x < end.bias.size(); ++x) CHECK(std::fabs(static_cast<double>(end.bias[x]) - plain.bias[x]) < 2e-6);
  for (std::size_t j = 0; j < 20; ++j) CHECK(std::fabs(static_cast<double>(end.hiddenBias[j]) - plain.hidden[j]) < 2e-6);
}

TEST_CASE("softmax training: the order of an epoch is a permutation of the cases with entries") {
  const auto entries = drawn(50, 12, 60, 9);
  SoftmaxTrainer trainer(entries, spec(), optionsOf(false, false));
  std::vector<std::uint32_t> order = trainer.order(), expected;
  for (std::uint32_t u = 0; u < 50; ++u)
    if (entries->byUser().size(u) > 0) expected.push_back(u);
  CHECK(order != expected);
  std::sort(order.begin(), order.end());
  CHECK(order == expected);
}

TEST_CASE("softmax training: visibles without entries get the mean row, biases their prior") {
  const auto entries = drawn(90, 40, 700, 1);
  SoftmaxTrainer trainer(entries, spec(), optionsOf(false, false));
  trainer.run(6, Cancelled(false));
  const auto machine = trainer.machine();
  const std::size_t size = machine->rowSize();
  std::vector<double> mean(size);
  double total = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    const double weight = std::sqrt(static_cast<double>(entries->byItem().size(i)));
    total += weight;
    for (std::size_t x = 0; x < size; ++x) mean[x] += weight * static_cast<double>(machine->row(i)[x]);
  }
  for (std::size_t x = 0; x < size; ++x) CHECK(static_cast<double>(machine->row(39)[x]) == doctest::Approx(mean[x] / total).epsilon(1e-4));
  std::vector<double> all(4, 1);
  for (std::size_t u = 0; u < 90; ++u) {
    const EntryRows::Row row = entries->byUser().row(u);
    for (std::size_t e = 0; e < row.size(); ++e) ++all[static_cast<std::size_t>(row.value(e)) - 1];
  }
  for (std::size_t k = 0; k < 4; ++k)
    CHECK(static_cast<double>(machine->biasOf(39)[k]) ==
          doctest::Approx(std::log(all[k] / (static_cast<double>(entries->entries()) + 4))).epsilon(1e-5));
}

TEST_CASE("softmax training: learns what the draws hide") {
  // Two kinds of users and of items: a user likes items of the own kind.
  Dice dice(21);
  auto entries = std::make_shared<RatedEntries>(120, 60);
  std::vector<std::uint32_t> u, i;
  std::vector<float> r;
  for (std::uint32_t user = 0; user < 120; ++user)
    for (std::uint32_t item = 0; item < 60; ++item) {
      if (dice.uniform() > 0.4) continue;
      u.push_back(user);
      i.push_back(item);
      r.push_back((user + item) % 2 == 0 ? (dice.uniform() < 0.8 ? 4.0f : 3.0f) : (dice.uniform() < 0.8 ? 1.0f : 2.0f));
    }
  entries->append(u, i, r);
  entries->finish();
  SoftmaxOptions options = optionsOf(false, false);
  options.epochs = 60;
  SoftmaxTrainer trainer(entries, spec(), options);
  trainer.run(60, Cancelled(false));
  const auto machine = trainer.machine();
  LineFloats field(machine->stride());
  const std::vector<std::uint32_t> liked{0, 2, 4};
  const std::vector<std::uint8_t> high{3, 3, 3};
  machine->field(liked, high, field.data());
  double same[4], other[4];
  machine->givenOthers(20, field.data(), same);
  machine->givenOthers(21, field.data(), other);
  CHECK(same[2] + same[3] > 0.8);
  CHECK(other[2] + other[3] < 0.2);
}

TEST_CASE("softmax training: a cancelled run and wrong states are refused, and change nothing") {
  const auto entries = drawn(90, 40, 700, 1);
  SoftmaxTrainer trainer(entries, spec(), optionsOf(true, false));
  const SoftmaxState start = trainer.state();
  SoftmaxState wrong = start;
  wrong.chains[0] = 4;
  CHECK_THROWS_WITH_AS(trainer.restore(wrong), "`chains` must hold categories below 4", Error);
  wrong = start;
  wrong.bias.pop_back();
  CHECK_THROWS_AS(trainer.restore(wrong), Error);
  CHECK(same(trainer.state(), start));
  CHECK_THROWS_AS(trainer.run(1, Cancelled(true)), Error);
  CHECK_THROWS_AS(trainer.run(1, Cancelled(false)), Error);
  trainer.restore(start);
  trainer.run(1, Cancelled(false));
  SoftmaxOptions off = optionsOf(false, false);
  off.momentum = 1;
  CHECK_THROWS_WITH_AS(SoftmaxTrainer(entries, spec(), off), "`momentum` must be in [0, 1), got 1", Error);
  SoftmaxSpec short_ = spec();
  short_.values = {1, 2, 3};
  CHECK_THROWS_WITH_AS(SoftmaxTrainer(entries, short_, optionsOf(false, false)), "the rating 4 is not on the scale", Error);
}

}  // namespace
}  // namespace boltzkit::test
