// The CPU backend keeps extra knowledge about states: bits of those it drew, and lists from
// previous products. This saves time but must not change results. Tensors with the same values and
// no such knowledge must give the same results.
#include "cpu/tensor.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

// Enough panels for threads to make their own lists, and groups of rows that start within a word of
// bits.
constexpr std::size_t visible = 400, hidden = 203;

// Less than a group of rows, more than one, more than a block of bits.
const std::vector<std::size_t> someRows = sanitized ? std::vector<std::size_t>{150} : std::vector<std::size_t>{7, 150, 301};

TensorPtr uploaded(Backend& backend, std::size_t rows, std::size_t columns, const Values& values) {
  TensorPtr tensor = backend.tensor(rows, columns);
  backend.upload(std::span<const double>(values), *tensor);
  return tensor;
}

// A layer whose states are drawn by the backend.
TensorPtr drawn(Backend& backend, std::size_t rows, std::size_t columns, std::uint64_t seed) {
  const TensorPtr fields = uploaded(backend, rows, columns, randomValues(rows * columns, seed, Kind::signedReal));
  const TensorPtr bias = uploaded(backend, 1, columns, randomValues(columns, seed + 1, Kind::signedReal));
  TensorPtr sample = backend.tensor(rows, columns);
  backend.updateUnits({.units = {UnitType::bernoulli, bias.get()}, .stream = testStream()}, *fields, nullptr, sample.get());
  return sample;
}

// Fields from the states, and a parameter step from statistics with the states as left factor.
Values resultsOf(Backend& backend, const Tensor& states, bool rounds) {
  const Accuracy draws = rounds ? Accuracy::draws : Accuracy::full, sums = rounds ? Accuracy::statistics : Accuracy::full;
  const std::size_t rows = states.rows();
  const TensorPtr weights = uploaded(backend, visible, hidden, randomValues(visible * hidden, 3, Kind::signedReal));
  const TensorPtr turned = uploaded(backend, hidden, visible, randomValues(visible * hidden, 4, Kind::signedReal));
  const TensorPtr right = uploaded(backend, rows, hidden, randomValues(rows * hidden, 5, Kind::grey));
  const TensorPtr up = backend.tensor(rows, hidden), velocity = backend.tensor(visible, hidden), gradient = backend.tensor(visible, hidden);
  const FieldTerm straight{&states, weights.get(), false, 0.5, nullptr, draws}, across{&states, turned.get(), true, 0.5, nullptr, draws};
  const StatisticsTerm terms[] = {{&states, right.get(), nullptr, 0.02, sums}, {&states, right.get(), nullptr, -0.01, sums}};
  const ParameterSlot slot{
      .parameter = weights.get(), .gradient = gradient.get(), .velocity = velocity.get(), .second = nullptr, .terms = terms};
  Values all;
  const auto keep = [&](const Tensor& t) {
    CHECK(paddingIsZero(t));
    const Values values = valuesOf(backend, t);
    all.insert(all.end(), values.begin(), values.end());
  };
  backend.fields(std::span(&straight, 1), false, *up);
  keep(*up);
  backend.fields(std::span(&across, 1), false, *up);
  keep(*up);
  CHECK(refusedBy(backend, {.learningRate = 0.05, .momentum = 0.5}, std::span(&slot, 1)) == -1);
  keep(*weights);
  backend.statistics(*right, states, nullptr, 1, 0, *turned);
  keep(*turned);
  backend.statistics(states, *right, nullptr, 1, 0, *weights);
  keep(*weights);
  return all;
}

TEST_CASE("states that were drawn give what the same states give when they are uploaded") {
  forEachCpu([](const Candidate& candidate) {
    for (const unsigned threads : sanitized ? std::vector{2u} : std::vector{1u, 2u, 3u})
      for (const std::size_t rows : someRows)
        for (const bool rounds : {false, true}) {
          CAPTURE(threads);
          CAPTURE(rows);
          CAPTURE(rounds);
          Twins twins(candidate, threads);
          twins.fast.run([&] {
            const TensorPtr states = drawn(twins.fast, rows, visible, rows);
            const auto& known = dynamic_cast<const cpu::CpuTensor&>(*states);
            REQUIRE(known.bits() != nullptr);
            const TensorPtr copy = twins.fast.tensor(rows, visible);
            twins.fast.axpby(1, *states, 0, *copy);
            const TensorPtr fresh = uploaded(twins.fast, rows, visible, valuesOf(twins.fast, *states));
            const Values wanted = resultsOf(twins.fast, *fresh, rounds);
            CHECK(resultsOf(twins.fast, *states, rounds) == wanted);
            CHECK(resultsOf(twins.fast, *copy, rounds) == wanted);

            // Fewer rows, then other values.
            const std::size_t fewer = rows - 6;
            states->setRows(fewer);
            const TensorPtr less = uploaded(twins.fast, fewer, visible, valuesOf(twins.fast, *states));
            CHECK(resultsOf(twins.fast, *states, rounds) == resultsOf(twins.fast, *less, rounds));
            twins.fast.axpby(0.25, *less, 0.5, *states);
            CHECK(known.bits() == nullptr);
            const TensorPtr other = uploaded(twins.fast, fewer, visible, valuesOf(twins.fast, *states));
            CHECK(resultsOf(twins.fast, *states, rounds) == resultsOf(twins.fast, *other, rounds));
          });
        }
  });
}

TEST_CASE("states that have been listed before give what they gave the first time") {
  forEachCpu([](const Candidate& candidate) {
    for (const unsigned threads : sanitized ? std::vector{2u} : std::vector{1u, 2u})
      for (const std::size_t rows : someRows)
        for (const int kind : {0, 1, 2, 3}) {
          CAPTURE(threads);
          CAPTURE(rows);
          CAPTURE(kind);
          Twins twins(candidate, threads);
          Values values = randomValues(rows * visible, 21, Kind::binary, 0.4);
          const Values other = randomValues(rows * visible, 22, Kind::grey);
          for (std::size_t i = 0; i < values.size(); ++i) {
            if (kind == 1) values[i] = 2 * values[i] - 1;
            if (kind == 2) values[i] *= static_cast<double>(static_cast<float>(std::round(255 * other[i]) / 255.0));
            if (kind == 3) values[i] *= other[i];
          }
          twins.fast.run([&] {
            const TensorPtr states = uploaded(twins.fast, rows, visible, values);
            const Values first = resultsOf(twins.fast, *states, true);
            CHECK(resultsOf(twins.fast, *states, true) == first);
            // Statistics alone, with a tensor that the backend has not seen before.
            const TensorPtr fresh = uploaded(twins.fast, rows, visible, values);
            const TensorPtr right = uploaded(twins.fast, rows, hidden, randomValues(rows * hidden, 5, Kind::grey));
            const TensorPtr weights = uploaded(twins.fast, visible, hidden, randomValues(visible * hidden, 3, Kind::signedReal));
            const TensorPtr velocity = twins.fast.tensor(visible, hidden), gradient = twins.fast.tensor(visible, hidden);
            const StatisticsTerm terms[] = {{fresh.get(), right.get(), nullptr, 0.02, Accuracy::statistics},
                                            {fresh.get(), right.get(), nullptr, -0.01, Accuracy::statistics}};
            const ParameterSlot slot{
                .parameter = weights.get(), .gradient = gradient.get(), .velocity = velocity.get(), .second = nullptr, .terms = terms};
            CHECK(refusedBy(twins.fast, {.learningRate = 0.05, .momentum = 0.5}, std::span(&slot, 1)) == -1);
            const Values got = valuesOf(twins.fast, *weights);
            const auto begin = first.begin() + static_cast<std::ptrdiff_t>(2 * rows * hidden);
            CHECK(got == Values(begin, begin + static_cast<std::ptrdiff_t>(got.size())));
          });
        }
  });
}

TEST_CASE("few rows of weights leave some threads without a group of them") {
  forEachCpu([](const Candidate& candidate) {
    constexpr std::size_t few = 33, many = 1025, rows = 20;
    const auto stepOn = [&](unsigned threads) {
      Twins twins(candidate, threads);
      Values got;
      twins.fast.run([&] {
        const TensorPtr states = drawn(twins.fast, rows, few, 8);
        const TensorPtr right = uploaded(twins.fast, rows, many, randomValues(rows * many, 5, Kind::grey));
        const TensorPtr weights = uploaded(twins.fast, few, many, randomValues(few * many, 3, Kind::signedReal));
        const TensorPtr velocity = twins.fast.tensor(few, many), gradient = twins.fast.tensor(few, many);
        const StatisticsTerm term{states.get(), right.get(), nullptr, 0.02, Accuracy::statistics};
        const ParameterSlot slot{.parameter = weights.get(),
                                 .gradient = gradient.get(),
                                 .velocity = velocity.get(),
                                 .second = nullptr,
                                 .terms = std::span(&term, 1)};
        CHECK(refusedBy(twins.fast, {.learningRate = 0.05, .momentum = 0.5}, std::span(&slot, 1)) == -1);
        got = valuesOf(twins.fast, *weights);
      });
      return got;
    };
    CHECK(stepOn(1) == stepOn(4));
  });
}

}  // namespace
}  // namespace boltzkit::test
