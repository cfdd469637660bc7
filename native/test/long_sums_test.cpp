// Sums of many equal terms. A float that adds them one by one makes rounding errors of equal sign.
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

const Values values = sanitized ? Values{0.1} : Values{1e-4, 1e-3, 0.01, 0.1, 0.3, 0.7, 1.1};

// The field of n binary states on one unit with n equal weights, from a matrix stored straight or
// transposed.
double fieldOf(Backend& backend, std::size_t n, std::size_t on, double weight, bool transposed) {
  const TensorPtr states = backend.tensor(1, n), weights = transposed ? backend.tensor(1, n) : backend.tensor(n, 1);
  Values bits(n, 0.0);
  std::fill_n(bits.begin(), on, 1.0);
  backend.upload(std::span<const double>(bits), *states);
  backend.fill(weight, *weights);
  const TensorPtr out = backend.tensor(1, 1);
  const FieldTerm term{states.get(), weights.get(), transposed, 1};
  backend.fields(std::span(&term, 1), false, *out);
  return valuesOf(backend, *out)[0];
}

TEST_CASE("fields of ten thousand and of a million equal weights are right to 1e-6") {
  forEachQuick([](const Candidate& candidate) {
    Twins twins(candidate);
    for (const double value : values) {
      const auto weight = static_cast<double>(static_cast<float>(value));
      CAPTURE(value);
      for (const bool transposed : {false, true})
        for (const std::size_t on : {10000, 2500})
          CHECK(fieldOf(twins.fast, 10000, on, weight, transposed) == doctest::Approx(weight * static_cast<double>(on)).epsilon(1e-6));
      // Twenty seconds for each on an emulated device: there the smallest weights alone, which are the hardest.
      if (candidate.name == "emulated cuda" && value != values.front()) continue;
      CHECK(fieldOf(twins.fast, 1000000, 1000000, weight, true) == doctest::Approx(weight * 1e6).epsilon(1e-6));
    }
  });
}

TEST_CASE("statistics of ten thousand equal rows are right to 1e-6") {
  constexpr std::size_t rows = 10000;
  forEachQuick([](const Candidate& candidate) {
    Twins twins(candidate);
    for (const double value : values) {
      const auto mean = static_cast<double>(static_cast<float>(value));
      const Twin ones = twins.make(rows, 3, Values(3 * rows, 1.0)), means = twins.make(rows, 2, Values(2 * rows, mean));
      const Twin out = twins.zeros(3, 2);
      twins.fast.statistics(*ones.fast, *means.fast, nullptr, 1, 0, *out.fast);
      CHECK(valuesOf(twins.fast, *out.fast)[5] == doctest::Approx(mean * rows).epsilon(1e-6));
    }
  });
}

// A star: the hub has thousands of neighbours. Tests a tile of chains and a single one.
TEST_CASE("fields along a graph with a hub are right to 1e-6") {
  constexpr std::uint32_t leaves = 20000;
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = 1; i <= leaves; ++i) edges.push_back({0, i});
  const Graph star(leaves + 1, 1, edges);
  forEachQuick([&](const Candidate& candidate) {
    Twins twins(candidate);
    for (const double value : values) {
      const auto weight = static_cast<double>(static_cast<float>(value));
      const Twin weights = twins.make(1, leaves, Values(leaves, weight)), states = twins.make(2, leaves + 1, Values(2 * (leaves + 1), 1.0));
      const Twin out = twins.zeros(2, leaves + 1);
      const FieldTerm term{states.fast.get(), weights.fast.get(), false, 1, &star};
      twins.fast.fields(std::span(&term, 1), false, *out.fast);
      CHECK(valuesOf(twins.fast, *out.fast)[0] == doctest::Approx(weight * leaves).epsilon(1e-6));
    }
  });
}

// The hub's mean given its leaves. One chain uses slots, 20 chains use a tile. A field of 20,000
// weights has to cancel the bias.
TEST_CASE("one chain and many draw a hub from the same field") {
  constexpr std::uint32_t leaves = 20000;
  std::vector<Graph::Edge> edges;
  for (std::uint32_t i = 1; i <= leaves; ++i) edges.push_back({0, i});
  const Graph star(leaves + 1, 1, edges);
  const auto weight = static_cast<double>(0.1f);
  forEachQuick([&](const Candidate& candidate) {
    Values hubs;
    for (const std::size_t chains : {1, 20}) {
      Twins twins(candidate);
      Values bias(leaves + 1, 0.0), keep(leaves + 1, 1.0);
      bias[0] = -weight * leaves;
      keep[0] = 0;
      const Twin weights = twins.make(1, leaves, Values(leaves, weight)), parameters = twins.make(1, leaves + 1, bias);
      const Twin states = twins.make(chains, leaves + 1, Values(chains * (leaves + 1), 1.0)), kept = twins.make(1, leaves + 1, keep);
      const UnitUpdate update{.units = {UnitType::bernoulli, parameters.fast.get()}, .stream = testStream(), .draw = Draw::mean};
      twins.fast.sweepLateral(update, {.weights = weights.fast.get(), .graph = &star, .keep = kept.fast.get()}, *states.fast);
      hubs.push_back(valuesOf(twins.fast, *states.fast)[0]);
    }
    CHECK(hubs[0] == hubs[1]);
    CHECK(hubs[0] == doctest::Approx(0.5).epsilon(1e-3));
  });
}

}  // namespace
}  // namespace boltzkit::test
