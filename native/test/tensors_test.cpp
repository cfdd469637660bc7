// Buffers, element-wise operations, data rows and parameter steps against the reference backend.
#include <cmath>
#include <limits>

#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

const std::size_t widths[] = {1, 3, 7, 16, 17, 64, 65, 161};

TEST_CASE("what goes up comes down, in both precisions") {
  forEachBackend([](const Candidate& candidate) {
    const auto owner = candidate.make(1);
    Backend& backend = *owner;
    for (const std::size_t cols : widths) {
      const Values values = randomValues(3 * cols, cols, Kind::signedReal);
      const std::vector<float> floats(values.begin(), values.end());
      const TensorPtr t = backend.tensor(3, cols);
      CHECK(valuesOf(backend, *t) == Values(3 * cols, 0));
      backend.upload(std::span<const float>(floats), *t);
      CHECK(valuesOf(backend, *t) == values);
      std::vector<float> back(floats.size());
      backend.download(*t, std::span<float>(back));
      CHECK(back == floats);
      backend.fill(2.5, *t);
      CHECK(valuesOf(backend, *t) == Values(3 * cols, 2.5));
      CHECK(paddingIsZero(*t));
    }
  });
}

TEST_CASE("axpby agrees with the reference, also onto itself and over NaN") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t cols : widths) {
      Twins twins(candidate);
      const Twin x = twins.make(4, cols, randomValues(4 * cols, 1, Kind::signedReal)), y = twins.make(4, cols, Values(4 * cols, NAN));
      for (const double beta : {0.0, 1.0, -0.5}) {
        twins.fast.axpby(0.3, *x.fast, beta, *y.fast);
        twins.exact->axpby(0.3, *x.exact, beta, *y.exact);
        checkTwin(twins, y, {1e-6});
      }
      twins.fast.axpby(0.25, *y.fast, 0.5, *y.fast);
      twins.exact->axpby(0.25, *y.exact, 0.5, *y.exact);
      checkTwin(twins, y, {1e-6});
    }
  });
}

TEST_CASE("clamp with one row for all and with one row each") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t cols : widths)
      for (const std::size_t maskRows : {1, 5})
        for (const std::size_t valueRows : {1, 5}) {
          Twins twins(candidate);
          const Twin mask = twins.make(maskRows, cols, randomValues(maskRows * cols, 1, Kind::binary, 0.5));
          const Twin values = twins.make(valueRows, cols, randomValues(valueRows * cols, 2, Kind::grey));
          const Twin states = twins.make(5, cols, randomValues(5 * cols, 3, Kind::binary, 0.5));
          twins.fast.clamp(*mask.fast, *values.fast, *states.fast);
          twins.exact->clamp(*mask.exact, *values.exact, *states.exact);
          checkTwin(twins, states, {1e-12});
        }
  });
}

// Rows of each format: few values (codes), many (floats), sparse.
std::vector<std::shared_ptr<const Rows>> dataOfAllFormats(std::size_t rows, std::size_t cols) {
  auto codes = std::make_shared<Rows>(cols, Domain{}), floats = std::make_shared<Rows>(cols, Domain{});
  auto sparse = std::make_shared<Rows>(cols, Domain{});
  std::vector<float> few(rows * cols), many(rows * cols), values;
  std::vector<std::uint32_t> offsets{0}, indices;
  Dice dice(rows + cols);
  for (std::size_t i = 0; i < few.size(); ++i) {
    few[i] = static_cast<float>(dice.below(4)) / 4;
    many[i] = static_cast<float>(dice.uniform());
    if (dice.below(3) == 0) indices.push_back(static_cast<std::uint32_t>(i % cols)), values.push_back(static_cast<float>(dice.uniform()));
    if (i % cols == cols - 1) offsets.push_back(static_cast<std::uint32_t>(indices.size()));
  }
  auto source = [&](const std::vector<float>& data) {
    return Rows::Source<float>{data.data(), 0, static_cast<std::ptrdiff_t>(cols), 1, rows};
  };
  codes->append(source(few));
  floats->append(source(many));
  sparse->appendSparse(offsets, indices, values);
  return {codes, floats, sparse};
}

TEST_CASE("gather expands every row format, in any order and repeatedly") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t cols : widths)
      for (const auto& rows : dataOfAllFormats(300, cols)) {
        Twins twins(candidate);
        const std::vector<std::uint32_t> numbers{299, 0, 17, 17, 200, 1};
        const OrderPtr order = twins.fast.order(numbers), exactOrder = twins.exact->order(numbers);
        const DataPtr fast = twins.fast.data(rows), exact = twins.exact->data(rows);
        CHECK(fast->rows() == 300);
        CHECK(fast->cols() == cols);
        const Twin out = twins.make(6, cols, Values(6 * cols, 9));
        twins.fast.gather(*fast, {order.get(), 0, 6}, *out.fast);
        twins.exact->gather(*exact, {exactOrder.get(), 0, 6}, *out.exact);
        checkTwin(twins, out, {1e-30});
      }
  });
}

// The same formats with NaN for a third of the values, or of the entries if sparse.
std::vector<std::shared_ptr<const Rows>> dataWithMissing(std::size_t rows, std::size_t cols) {
  std::vector<std::shared_ptr<const Rows>> formats;
  for (const std::uint64_t levels : {2, 300}) {
    auto dense = std::make_shared<Rows>(cols, Domain{.missing = true});
    Dice dice(rows + cols + levels);
    std::vector<float> data(rows * cols);
    for (float& value : data) value = dice.below(3) == 0 ? NAN : static_cast<float>(dice.below(levels)) / 512;
    data[0] = NAN;
    dense->append(Rows::Source<float>{data.data(), 0, static_cast<std::ptrdiff_t>(cols), 1, rows});
    formats.push_back(dense);
  }
  auto sparse = std::make_shared<Rows>(cols, Domain{.missing = true});
  std::vector<std::uint32_t> offsets{0}, indices;
  for (std::size_t r = 0; r < rows; ++r) {
    indices.push_back(static_cast<std::uint32_t>(r % cols));
    offsets.push_back(static_cast<std::uint32_t>(indices.size()));
  }
  std::vector<float> values(rows, 0.5f);
  for (std::size_t r = 0; r < rows; r += 3) values[r] = -NAN;
  sparse->appendSparse(offsets, indices, values);
  formats.push_back(sparse);
  return formats;
}

TEST_CASE("missing values come as NaN from every row format and are split off") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t cols : widths)
      for (const auto& rows : dataWithMissing(300, cols)) {
        CHECK(rows->hasMissing());
        Twins twins(candidate);
        const std::vector<std::uint32_t> numbers{299, 0, 17, 17, 3, 1};
        const OrderPtr order = twins.fast.order(numbers), exactOrder = twins.exact->order(numbers);
        const DataPtr fast = twins.fast.data(rows), exact = twins.exact->data(rows);
        const Twin states = twins.make(6, cols, Values(6 * cols, 9)), present = twins.make(6, cols, Values(6 * cols, 9));
        twins.fast.gather(*fast, {order.get(), 0, 6}, *states.fast);
        twins.exact->gather(*exact, {exactOrder.get(), 0, 6}, *states.exact);
        CHECK(std::isnan(valuesOf(*twins.exact, *states.exact)[cols]));
        twins.fast.splitMissing(*states.fast, *present.fast);
        twins.exact->splitMissing(*states.exact, *present.exact);
        CHECK(valuesOf(*twins.exact, *states.exact)[cols] == 0);
        CHECK(valuesOf(*twins.exact, *present.exact)[cols] == 0);
        checkTwin(twins, states, {1e-30});
        checkTwin(twins, present, {1e-30});
      }
  });
}

TEST_CASE("binary draws are the same on every backend, have the means asked for and leave binary and missing values alone") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t cols : widths) {
      Twins twins(candidate);
      const std::size_t rows = 64;
      Values values = randomValues(rows * cols, cols, Kind::grey, 0.7);
      for (std::size_t i = 0; i < values.size(); i += 5) values[i] = 1;
      const Twin states = twins.make(rows, cols, values);
      const Stream stream = testStream(4);
      twins.fast.drawBinary(stream, 0xfffffff0u, *states.fast);  // chain numbers wrap around
      twins.exact->drawBinary(stream, 0xfffffff0u, *states.exact);
      const Values got = valuesOf(twins.fast, *states.fast), want = valuesOf(*twins.exact, *states.exact);
      CHECK(got == want);
      for (std::size_t i = 0; i < values.size(); ++i)
        CHECK((values[i] == 0 || values[i] == 1 ? got[i] == values[i] : got[i] * (1 - got[i]) == 0));
    }
    const auto backend = candidate.make(2);
    const std::size_t draws = sanitized ? 4000 : 100000;
    const TensorPtr states = backend->tensor(draws, 3);
    Values values(draws * 3);
    for (std::size_t i = 0; i < values.size(); i += 3) values[i] = 0.25, values[i + 1] = 0.5, values[i + 2] = NAN;
    backend->upload(std::span<const double>(values), *states);
    backend->drawBinary(testStream(5), 0, *states);
    const Values got = valuesOf(*backend, *states);
    double sums[2] = {0, 0};
    for (std::size_t r = 0; r < draws; ++r) {
      sums[0] += got[3 * r], sums[1] += got[3 * r + 1];
      if (!std::isnan(got[3 * r + 2])) FAIL("a missing value was drawn");
    }
    for (int k = 0; k < 2; ++k) {  // five standard deviations: one false alarm in 10^6 runs
      const double p = k == 0 ? 0.25 : 0.5;
      CHECK(std::fabs(sums[k] / static_cast<double>(draws) - p) < 5 * std::sqrt(p * (1 - p) / static_cast<double>(draws)));
    }
  });
}

struct Slots {
  Twin parameter, gradient, velocity, second;
};

// Some parameters and gradients are zero; moments start at zero.
Slots slotOf(Twins& twins, std::size_t rows, std::size_t cols, std::uint64_t seed) {
  auto values = [&](std::uint64_t s) { return twins.make(rows, cols, randomValues(rows * cols, seed + s, Kind::signedReal, 0.9)); };
  return {values(0), values(1), twins.zeros(rows, cols), twins.zeros(rows, cols)};
}

void newGradient(Twins& twins, const Slots& s, std::uint64_t seed) {
  const Values values = randomValues(s.gradient.rows() * s.gradient.cols(), seed, Kind::signedReal, 0.9);
  twins.fast.upload(std::span<const double>(values), *s.gradient.fast);
  twins.exact->upload(std::span<const double>(values), *s.gradient.exact);
}

template <class Pick>
ParameterSlot slotFrom(const Slots& s, Pick&& pick, double rate) {
  return {&pick(s.parameter), &pick(s.gradient), &pick(s.velocity), &pick(s.second), 0.02, 0.03, rate};
}

Tensor& fastOf(const Twin& t) { return *t.fast; }
Tensor& exactOf(const Twin& t) { return *t.exact; }

TEST_CASE("optimiser steps agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    for (const auto kind : {OptimiserStep::Kind::sgd, OptimiserStep::Kind::adam}) {
      Twins twins(candidate, 2);
      const Slots weights = slotOf(twins, 70, 90, 1), bias = slotOf(twins, 1, 90, 5);
      OptimiserStep step{.kind = kind, .learningRate = 0.05, .momentum = 0.9, .epsilon = 1e-6};
      for (step.t = 1; step.t <= 4; ++step.t) {
        newGradient(twins, weights, 100 + step.t);
        const ParameterSlot fast[] = {slotFrom(weights, fastOf, 1), slotFrom(bias, fastOf, 0.5)};
        const ParameterSlot exact[] = {slotFrom(weights, exactOf, 1), slotFrom(bias, exactOf, 0.5)};
        twins.fast.run([&] { CHECK(refusedBy(twins.fast, step, fast) == -1); });
        CHECK(refusedBy(*twins.exact, step, exact) == -1);
        for (const Slots* s : {&weights, &bias})
          for (const Twin* t : {&s->parameter, &s->gradient, &s->velocity, &s->second}) checkTwin(twins, *t, {1e-5});
      }
    }
  });
}

TEST_CASE("steps in scaled units agree with the reference and with the definition") {
  forEachBackend([](const Candidate& candidate) {
    for (const auto kind : {OptimiserStep::Kind::sgd, OptimiserStep::Kind::adam})
      for (const bool rowsToo : {false, true}) {
        Twins twins(candidate, 2);
        const std::size_t rows = rowsToo ? 70 : 1, cols = 90;
        const Slots s = slotOf(twins, rows, cols, 1);
        auto scales = [&](std::size_t n, std::uint64_t seed) {
          Values values = absolute(randomValues(n, seed, Kind::signedReal));
          for (double& v : values) v += 0.25;
          return twins.make(1, n, values);
        };
        const Twin rowScale = scales(rows, 7), colScale = scales(cols, 8);
        const Values r = valuesOf(*twins.exact, *rowScale.exact), c = valuesOf(*twins.exact, *colScale.exact);
        const Values start = valuesOf(*twins.exact, *s.parameter.exact), first = valuesOf(*twins.exact, *s.gradient.exact);
        OptimiserStep step{.kind = kind, .learningRate = 0.05, .momentum = 0.9, .epsilon = 1e-6};
        for (step.t = 1; step.t <= 4; ++step.t) {
          if (step.t > 1) newGradient(twins, s, 100 + step.t);
          ParameterSlot fast = slotFrom(s, fastOf, 0.5), exact = slotFrom(s, exactOf, 0.5);
          fast.colScale = colScale.fast.get();
          exact.colScale = colScale.exact.get();
          if (rowsToo) fast.rowScale = rowScale.fast.get(), exact.rowScale = rowScale.exact.get();
          twins.fast.run([&] { CHECK(refusedBy(twins.fast, step, std::span(&fast, 1)) == -1); });
          CHECK(refusedBy(*twins.exact, step, std::span(&exact, 1)) == -1);
          for (const Twin* t : {&s.parameter, &s.gradient, &s.velocity, &s.second}) checkTwin(twins, *t, {2e-4});
          if (step.t > 1 || kind != OptimiserStep::Kind::sgd) continue;
          // The first step of SGD: rate * (gradient - decay) * scale^2.
          Values want(rows * cols);
          for (std::size_t i = 0; i < want.size(); ++i) {
            const double scale = (rowsToo ? r[i / cols] : 1) * c[i % cols], sign = start[i] > 0 ? 1 : start[i] < 0 ? -1 : 0;
            want[i] = start[i] + 0.05 * 0.5 * (first[i] - 0.02 * sign - 0.03 * start[i]) * scale * scale;
          }
          CHECK(worstError(valuesOf(*twins.exact, *s.parameter.exact), want, {1e-12}) <= 1);
        }
      }
  });
}

TEST_CASE("a step that would leave a parameter not finite or too large is taken by none") {
  forEachBackend([](const Candidate& candidate) {
    for (const auto kind : {OptimiserStep::Kind::sgd, OptimiserStep::Kind::adam})
      for (const double evil : {static_cast<double>(NAN), static_cast<double>(INFINITY), 100 * largestParameter}) {
        // Adam's steps do not grow with the gradient.
        if (std::isfinite(evil) && kind == OptimiserStep::Kind::adam) continue;
        Twins twins(candidate, 2);
        const Slots first = slotOf(twins, 3, 20, 1), second = slotOf(twins, 90, 100, 2), third = slotOf(twins, 2, 20, 3);
        Values gradient = valuesOf(twins.fast, *second.gradient.fast);
        gradient[8321] = evil;
        twins.fast.upload(std::span<const double>(gradient), *second.gradient.fast);
        const Slots* all[] = {&first, &second, &third};
        std::vector<Values> before;
        for (const Slots* s : all) before.push_back(valuesOf(twins.fast, *s->parameter.fast));
        const ParameterSlot slots[] = {slotFrom(first, fastOf, 1), slotFrom(second, fastOf, 1), slotFrom(third, fastOf, 1)};
        twins.fast.run([&] { CHECK(refusedBy(twins.fast, {.kind = kind, .learningRate = 0.1}, slots) == 1); });
        for (std::size_t i = 0; i < before.size(); ++i) CHECK(valuesOf(twins.fast, *all[i]->parameter.fast) == before[i]);
      }
  });
}

TEST_CASE("moments of parameters without gradients fade to zero, not to denormal numbers") {
  forEachBackend([](const Candidate& candidate) {
    const auto owner = candidate.make(1);
    Backend& backend = *owner;
    const TensorPtr p = backend.tensor(1, 20), g = backend.tensor(1, 20), v = backend.tensor(1, 20);
    backend.fill(1, *v);
    for (int i = 0; i < 400; ++i) {
      backend.fill(0, *g);
      const ParameterSlot slots[] = {{p.get(), g.get(), v.get(), nullptr}};
      CHECK(refusedBy(backend, {.learningRate = 1, .momentum = 0.8}, slots) == -1);
    }
    CHECK(valuesOf(backend, *v) == Values(20, 0));
    CHECK(valuesOf(backend, *p)[0] == doctest::Approx(4));
  });
}

TEST_CASE("a sum that overflows float32 is refused") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate);
    const Twin parameter = twins.make(1, 3, {1, 3e38, 1}), gradient = twins.make(1, 3, {0, 3e38, 0}), velocity = twins.zeros(1, 3);
    const ParameterSlot slots[] = {{parameter.fast.get(), gradient.fast.get(), velocity.fast.get(), nullptr}};
    CHECK(refusedBy(twins.fast, {.learningRate = 1}, slots) == 0);
    CHECK(valuesOf(twins.fast, *parameter.fast)[0] == 1);
  });
}

}  // namespace
}  // namespace boltzkit::test
