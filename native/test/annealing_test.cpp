// log Z of small machines, for every kind of wiring. Enumeration is checked against plain sums in
// double precision, and annealing weights against the sum that they estimate. Few temperatures and
// strong couplings make a wrong temperature or a missing term visible.
#include <algorithm>
#include <numeric>

#include "cpu/kernels/dither.hpp"
#include "fixtures.hpp"
#include "likelihood/annealed.hpp"
#include "likelihood/log_sum.hpp"
#include "likelihood/partition.hpp"
#include "likelihood/row_sums.hpp"
#include "likelihood/state_sums.hpp"

namespace boltzkit::test {
namespace {

const Cancelled running{false};

struct Wired {
  const char* name;
  std::vector<Layer> layers;
  std::vector<Coupling> couplings;
  double scale;
};

std::vector<Wired> wirings() {
  const auto edges = std::vector<Graph::Edge>{{0, 1}, {1, 2}, {0, 2}, {2, 3}};
  const auto graph = std::make_shared<const Graph>(4, 3, edges);
  return {
      {"rbm", {{"v", UnitType::bernoulli, 5}, {"h", UnitType::bernoulli, 4}}, {{0, 1}}, 1.2},
      {"spins and binomials", {{"v", UnitType::spin, 4}, {"h", UnitType::binomial, 3, 3}}, {{0, 1}}, 0.5},
      {"lateral", {{"s", UnitType::bernoulli, 7}}, {{0, 0}}, 0.9},
      {"graph of Potts units", {{"s", UnitType::softmax, 12, 3}}, {{0, 0, graph}}, 0.9},
      {"semi-restricted", {{"v", UnitType::bernoulli, 4}, {"h", UnitType::spin, 3}}, {{0, 0}, {0, 1}}, 0.6},
      {"deep", {{"v", UnitType::bernoulli, 4}, {"h", UnitType::bernoulli, 3}, {"g", UnitType::spin, 3}}, {{0, 1}, {1, 2}}, 0.8},
      {"triangle",
       {{"a", UnitType::bernoulli, 3}, {"b", UnitType::spin, 2}, {"c", UnitType::softmax, 4, 2}},
       {{0, 1}, {1, 2}, {0, 2}},
       0.7},
  };
}

std::unique_ptr<Machine> machineOf(const Wired& wired, std::unique_ptr<Backend> backend, std::uint64_t seed = 3) {
  auto machine = std::make_unique<Machine>(std::move(backend), Wiring(wired.layers, wired.couplings), seed, wired.scale);
  for (std::size_t l = 0; l < wired.layers.size(); ++l) {
    Tensor& p = machine->unitParameters(l);
    machine->backend().upload(std::span<const double>(randomValues(p.rows() * p.cols(), 11 + l, Kind::signedReal)), p);
  }
  return machine;
}

// All joint states as one row per layer.
struct Joint {
  std::vector<Values> layers;
  double energy;
};

// E(s) term by term, from the definition.
double plainEnergy(const Machine& machine, const std::vector<Values>& s) {
  double energy = 0;
  Backend& backend = machine.backend();
  for (std::size_t l = 0; l < s.size(); ++l) {
    const Values bias = valuesOf(backend, machine.unitParameters(l));
    const Layer& layer = machine.wiring().layers()[l];
    for (std::size_t j = 0; j < s[l].size(); ++j) {
      energy -= bias[j] * s[l][j];
      if (layer.type == UnitType::binomial)
        energy -= std::log(std::tgamma(layer.size + 1) / std::tgamma(s[l][j] + 1) / std::tgamma(layer.size - s[l][j] + 1));
    }
  }
  for (std::size_t c = 0; c < machine.wiring().couplings().size(); ++c) {
    const Coupling& k = machine.wiring().couplings()[c];
    const Values w = valuesOf(backend, machine.weights(c));
    if (k.graph) {
      const std::size_t size = k.graph->size();
      for (std::size_t e = 0; e < k.graph->edges().size(); ++e)
        for (std::size_t p = 0; p < size * size; ++p)
          energy -= w[e * size * size + p] * s[k.a][k.graph->edges()[e].first * size + p / size] *
                    s[k.a][k.graph->edges()[e].second * size + p % size];
      continue;
    }
    for (std::size_t i = 0; i < s[k.a].size(); ++i)
      for (std::size_t j = 0; j < s[k.b].size(); ++j) energy -= (k.a == k.b ? 0.5 : 1) * s[k.a][i] * w[i * s[k.b].size() + j] * s[k.b][j];
  }
  return energy;
}

std::vector<Joint> allStates(const Machine& machine) {
  std::vector<Joint> all{{}};
  for (const Layer& layer : machine.wiring().layers()) {
    std::vector<Values> rows{{}};
    const std::size_t size = groupSize(layer);
    for (std::size_t unit = 0; unit < layer.places / size; ++unit) {
      std::vector<Values> longer;
      for (const Values& row : rows)
        for (std::uint64_t n = 0; n < static_cast<std::uint64_t>(statesOfUnit(layer)); ++n) {
          longer.push_back(row);
          for (std::size_t k = 0; k < size; ++k) longer.back().push_back(valueOfState(layer, n, k));
        }
      rows = longer;
    }
    std::vector<Joint> more;
    for (const Joint& joint : all)
      for (const Values& row : rows) {
        more.push_back(joint);
        more.back().layers.push_back(row);
      }
    all = more;
  }
  for (Joint& joint : all) joint.energy = plainEnergy(machine, joint.layers);
  return all;
}

double plainLogZ(const std::vector<Joint>& all) {
  LogSum sum;
  for (const Joint& joint : all) sum.add(-joint.energy);
  return sum.value();
}

AnnealingPath::Base someBase(const Machine& machine) {
  AnnealingPath::Base base;
  for (std::size_t l = 0; l < machine.wiring().layers().size(); ++l)
    base.push_back(randomValues(machine.unitParameters(l).rows() * machine.places(l), 31 + l, Kind::signedReal));
  return base;
}

// Draws exact samples of the machine.
void drawExactly(const Machine& machine, const std::vector<Joint>& all, double logZ, States& states) {
  std::vector<double> cumulative;
  for (const Joint& joint : all) cumulative.push_back((cumulative.empty() ? 0 : cumulative.back()) + std::exp(-joint.energy - logZ));
  Dice dice(77);
  std::vector<Values> values(states.layers.size());
  for (std::size_t r = 0; r < states.rows(); ++r) {
    const auto at = std::lower_bound(cumulative.begin(), cumulative.end() - 1, dice.uniform()) - cumulative.begin();
    for (std::size_t l = 0; l < values.size(); ++l)
      values[l].insert(values[l].end(), all[static_cast<std::size_t>(at)].layers[l].begin(),
                       all[static_cast<std::size_t>(at)].layers[l].end());
  }
  for (std::size_t l = 0; l < values.size(); ++l) machine.backend().upload(std::span<const double>(values[l]), states[l]);
}

// The z-score of the mean of exp(u): its difference from `expected` over its standard error.
double zScore(std::vector<double> u, double expected) {
  const double n = static_cast<double>(u.size());
  double mean = 0, squares = 0;
  for (double& x : u) mean += (x = std::exp(x - expected)) / n;
  for (const double x : u) squares += (x - mean) * (x - mean);
  return (mean - 1) / std::sqrt(squares / (n - 1) / n);
}

TEST_CASE("counted states give the plain sum over all joint states") {
  for (const Wired& wired : wirings()) {
    CAPTURE(wired.name);
    const auto machine = machineOf(wired, makeReferenceBackend());
    const double logZ = plainLogZ(allStates(*machine));
    CHECK(exactLogZ(*machine, running) == doctest::Approx(logZ).epsilon(1e-12));
    CHECK(exactLogZ(*machineOf(wired, makeCpuBackend(2)), running) == doctest::Approx(logZ).epsilon(1e-6));
  }
}

TEST_CASE("states are written in the order of their numbers, wherever a chunk begins") {
  const Wired wired{"mixed", {{"a", UnitType::spin, 3}, {"b", UnitType::softmax, 6, 3}}, {{0, 0}, {1, 1}, {0, 1}}, 0.1};
  const auto machine = machineOf(wired, makeReferenceBackend());
  const Enumeration enumeration(*machine, {false, false});
  REQUIRE(enumeration.states() == 72);
  for (const std::uint64_t first : {0, 5, 63, 70}) {
    States states(*machine, 9);
    enumeration.write(first, states);
    const Values a = valuesOf(machine->backend(), states[0]), b = valuesOf(machine->backend(), states[1]);
    for (std::size_t r = 0; r < 9; ++r) {
      const std::uint64_t number = (first + r) % 72;
      for (std::size_t j = 0; j < 3; ++j) CHECK(a[r * 3 + j] == ((number >> j & 1) ? 1 : -1));
      const std::uint64_t digits[] = {number / 8 % 3, number / 24};
      for (std::size_t j = 0; j < 6; ++j) CHECK(b[r * 6 + j] == (digits[j / 3] == j % 3 ? 1 : 0));
    }
  }
}

// 20,000 chains in each direction, with three temperatures in between. Every z-score is within 5
// (false alarms: 6e-7 each).
TEST_CASE("weights of annealing have the ratio of partition functions as their mean, in both directions") {
  const std::size_t chains = sanitized ? 1000 : 20000;
  for (const Wired& wired : wirings()) {
    CAPTURE(wired.name);
    const auto machine = machineOf(wired, makeReferenceBackend());
    const std::vector<Joint> all = allStates(*machine);
    const double logZ = plainLogZ(all);
    const std::vector<bool> none(wired.layers.size(), false);
    AnnealingPath path(*machine, AnnealingPath::roles(machine->wiring(), none), someBase(*machine), chains);
    Annealer annealer(path, {0, 0.25, 0.5, 0.75, 1});
    States states(*machine, chains);
    std::vector<double> weights(chains);
    annealer.forward(states, {{5, Purpose::evaluation, 0, 0}}, running, weights);
    CHECK(std::fabs(zScore(weights, logZ - path.logBase())) < 5);
    drawExactly(*machine, all, logZ, states);
    annealer.reverse(states, {{5, Purpose::evaluation, 0, 100}}, running, weights);
    CHECK(std::fabs(zScore(weights, path.logBase() - logZ)) < 5);
  }
}

TEST_CASE("without couplings every weight is the ratio itself, for all types of units") {
  const std::vector<Layer> layers{{"a", UnitType::bernoulli, 3},  {"b", UnitType::spin, 3}, {"c", UnitType::softmax, 6, 3},
                                  {"d", UnitType::gaussian, 2},   {"e", UnitType::relu, 2}, {"f", UnitType::doubleRelu, 2},
                                  {"g", UnitType::binomial, 2, 4}};
  const auto machine = machineOf({"independent", layers, {}, 0}, makeReferenceBackend());
  AnnealingPath path(*machine, std::vector<AnnealingPath::Role>(layers.size(), AnnealingPath::Role::summed), someBase(*machine), 4);
  Annealer annealer(path, {0, 0.1, 0.6, 1});
  States states(*machine, 4);
  std::vector<double> weights(4);
  annealer.forward(states, {{5, Purpose::evaluation, 0, 0}}, running, weights);
  double logZ = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    Backend& backend = machine->backend();
    const TensorPtr noField = backend.tensor(1, layers[l].places);
    logZ += reduced(backend, 1, [&](const RowSum& sum) { backend.cumulants(machine->unitsOf(l), *noField, 1, nullptr, sum); }).front();
  }
  for (const double w : weights) CHECK(w + path.logBase() == doctest::Approx(logZ).epsilon(1e-10));
}

PartitionOptions optionsOf(PartitionOptions::Method method) {
  PartitionOptions options;
  options.method = method;
  options.chains = method == PartitionOptions::Method::ladder ? 10 : 50;
  options.temperatures = 20;
  options.warmup = 100;
  return options;
}

// The tolerance is 5 half widths of the 95 % interval, or ten standard errors.
TEST_CASE("estimates agree with counting, and do not depend on the number of threads") {
  for (std::size_t w = 0; w < wirings().size(); ++w) {
    if (sanitized && w % 4 != 0) continue;
    const Wired wired = wirings()[w];
    CAPTURE(wired.name);
    const double logZ = exactLogZ(*machineOf(wired, makeCpuBackend(1)), running);
    for (const auto method : {PartitionOptions::Method::annealed, PartitionOptions::Method::ladder}) {
      const PartitionResult one = partition(*machineOf(wired, makeCpuBackend(1)), optionsOf(method), running);
      const PartitionResult three = partition(*machineOf(wired, makeCpuBackend(3)), optionsOf(method), running);
      CHECK(std::fabs(one.logZ.value - logZ) < 5 * (one.logZ.high - one.logZ.value));
      CHECK(one.logZ.high - one.logZ.low < 1);
      CHECK(one.logZ.value == three.logZ.value);
      CHECK(one.logZ.low == three.logZ.low);
    }
  }
}

// All weights but one lie above their rounded values, by 0.45 rounding units on average. This makes
// log Z of the rounded machine too low by 0.5, so a path that ended there would fail. Half of the
// hidden units have no weights, so there are few enough states to count: fewer under a sanitizer.
// What threads do here they do in rounded_test.cpp too.
TEST_CASE("annealing by way of rounded weights ends at the machine itself" * doctest::skip(threadSanitized)) {
  constexpr std::size_t visible = 1000, hidden = 34, coupled = sanitized ? 8 : 16;
  constexpr double unit = 2.0 / 8190;
  Values weights(visible * hidden, 0.0), few(visible * coupled);
  Dice dice(31);
  for (std::size_t i = 0; i < visible; ++i)
    for (std::size_t j = 0; j < coupled; ++j) {
      const double whole = std::round(dice.between(-200, 200));
      // The distance up to which rounding still goes down.
      const double below = 1 - static_cast<double>(cpu::dither(i, j)) / (1 << cpu::ditherBits);
      few[i * coupled + j] = weights[i * hidden + j] = i + j == 0 ? 2 : unit * (whole + 0.9 * below);
    }
  const auto machineWith = [&](std::size_t n, const Values& w) {
    auto machine = std::make_unique<Machine>(
        makeCpuBackend(2), Wiring({{"v", UnitType::bernoulli, visible}, {"h", UnitType::bernoulli, n}}, {{0, 1}}), 3, 0.0);
    machine->backend().upload(std::span<const double>(w), machine->weights(0));
    return machine;
  };
  const double logZ = exactLogZ(*machineWith(coupled, few), running) + (hidden - coupled) * std::log(2.0);
  const auto machine = machineWith(hidden, weights);
  machine->backend().run([&] {
    CHECK(machine->backend().sameRounding(machine->weights(0), Accuracy::draws));
    CHECK(!machine->backend().sameRounding(machine->weights(0), Accuracy::full));
    PartitionOptions options;
    options.method = PartitionOptions::Method::annealed;
    options.betas = usualTemperatures(sanitized ? 40 : 200);
    options.warmup = sanitized ? 10 : 50;
    if (sanitized) options.chains = 30;
    const PartitionResult result = partition(*machine, options, running);
    for (const Interval& estimate : {result.logZ, *result.forward, *result.reverse}) {
      CHECK(std::fabs(estimate.value - logZ) < 2.5 * (estimate.high - estimate.value));
      CHECK(estimate.high - estimate.value < 0.1);
    }
  });
}

std::shared_ptr<const Rows> rowsOf(const std::vector<float>& values, std::size_t cols) {
  auto rows = std::make_shared<Rows>(cols, Domain{0, 1});
  rows->append(Rows::Source<float>{values.data(), 0, static_cast<std::ptrdiff_t>(cols), 1, values.size() / cols});
  return rows;
}

TEST_CASE("rows weigh the sum over all that is not given") {
  const Wired deep{
      "deep", {{"v", UnitType::bernoulli, 3}, {"h", UnitType::bernoulli, 3}, {"g", UnitType::bernoulli, 2}}, {{0, 1}, {1, 2}}, 0.8};
  const auto machine = machineOf(deep, makeReferenceBackend());
  const auto rows = rowsOf({1, 0, 1, 0, 0, 1}, 3);
  const RowSums sums = rowSums(*machine, {{0, rows}}, running);
  CHECK(sums.exact);
  for (const auto& [row, values] : {std::pair{0, Values{1, 0, 1}}, std::pair{1, Values{0, 0, 1}}}) {
    LogSum sum;
    for (const Joint& joint : allStates(*machine))
      if (joint.layers[0] == values) sum.add(-joint.energy);
    CHECK(sums.values[static_cast<std::size_t>(row)] == doctest::Approx(sum.value()).epsilon(1e-12));
  }
  CHECK_THROWS_WITH_AS(rowSums(*machine, {{0, rowsOf({1, 0, 1, 0, 0.25, 1}, 3)}}, running),
                       doctest::Contains("has 0.25 in row 1, column 1"), Error);
}

// Ten chains per row with log weights that scatter by about 0.1, so 0.2 is six standard errors.
TEST_CASE("rows with too many hidden states are annealed") {
  const Wired deep{
      "deep", {{"v", UnitType::bernoulli, 3}, {"h", UnitType::bernoulli, 13}, {"g", UnitType::bernoulli, 13}}, {{0, 1}, {1, 2}}, 0.1};
  const auto machine = machineOf(deep, makeCpuBackend(2));
  const auto rows = rowsOf({1, 0, 1, 0, 0, 1, 1, 1, 1}, 3);
  const RowSums sums = rowSums(*machine, {{0, rows}}, running);
  CHECK(!sums.exact);
  const std::vector<double> counted = countedSums(*machine, Enumeration(*machine, {true, false, false}), {{0, rows}}, running);
  for (std::size_t r = 0; r < 3; ++r) CHECK(sums.values[r] == doctest::Approx(counted[r]).epsilon(0.2 / counted[r]));
}

TEST_CASE("temperatures are placed where log weights vary, rising from 0 to 1") {
  for (const std::size_t n : {2, 3, 50, 14500}) {
    const std::vector<double> usual = usualTemperatures(n);
    CHECK(usual.size() == n);
    CHECK_NOTHROW(requireTemperatures(usual));
  }
  CHECK(usualTemperatures(14501)[500] == doctest::Approx(0.5));
  CHECK(usualTemperatures(14501)[4500] == doctest::Approx(0.9));
  const std::vector<double> betas{0, 0.5, 1}, chosen = equalisedTemperatures(betas, std::vector<double>{0, 4}, 101);
  CHECK_NOTHROW(requireTemperatures(chosen));
  CHECK(std::count_if(chosen.begin(), chosen.end(), [](double b) { return b > 0.5; }) == 95);
  CHECK_NOTHROW(requireTemperatures(equalisedTemperatures(betas, std::vector<double>{0, 0}, 9)));
  for (const std::vector<double>& wrong :
       {Values{1}, Values{0, 0.5, 0.5, 1}, Values{0, 0.6, 0.5, 1}, Values{0.1, 1}, Values{0, 0.9}, Values{0, 1e-12, 1}})
    CHECK_THROWS_AS(requireTemperatures(wrong), Error);
}

TEST_CASE("what cannot be counted is refused, and says why") {
  const auto refused = [](const Wired& wired, const char* why) {
    CHECK_THROWS_WITH_AS(exactLogZ(*machineOf(wired, makeReferenceBackend()), running), doctest::Contains(why), Error);
  };
  refused({"large", {{"v", UnitType::bernoulli, 64}, {"h", UnitType::bernoulli, 70}}, {{0, 1}}, 0.1}, "1.84e+19 of the layers 'v'");
  refused({"relu", {{"v", UnitType::relu, 2}, {"h", UnitType::relu, 2}}, {{0, 1}}, 0.1}, "not all of which have finitely many");
  refused({"counts", {{"w", UnitType::counts, 3, 3}, {"h", UnitType::bernoulli, 2}}, {{0, 1}}, 0.1}, "of counts");
  const Wired rbm{"rbm", {{"v", UnitType::bernoulli, 2}, {"h", UnitType::bernoulli, 2}}, {{0, 1}}, 0.1};
  const auto machine = machineOf(rbm, makeCpuBackend(1));
  machine->backend().fill(3e38, machine->weights(0));
  CHECK_THROWS_WITH_AS(exactLogZ(*machine, running), doctest::Contains("not finite"), Error);
}

}  // namespace
}  // namespace boltzkit::test
