// Unit updates, unit statistics and reductions of every backend against the reference.
#include "cpu/kernels/quick_logistic.hpp"
#include "cpu/unit_rows.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

const std::size_t widths[] = {1, 3, 7, 15, 16, 17, 31, 32, 33, 127, 128, 129, 300};

// Fields from far in one tail of the logistic function to far in the other.
Values fieldValues(std::size_t n, std::uint64_t seed) {
  Dice dice(seed);
  Values values(n);
  for (double& v : values) v = static_cast<float>(dice.below(4) == 0 ? dice.between(-120, 120) : dice.between(-6, 6));
  return values;
}

struct Layer {
  Twin fields, bias;
  UnitUpdate fast, exact;
};

Layer layerOf(Twins& twins, std::size_t rows, std::size_t units, double beta) {
  Layer layer{
      twins.make(rows, units, fieldValues(rows * units, units)), twins.make(1, units, randomValues(units, 7, Kind::signedReal)), {}, {}};
  layer.fast = {.units = {UnitType::bernoulli, layer.bias.fast.get()}, .beta = beta, .stream = testStream(), .firstChain = 0xfffffff0u};
  layer.exact = layer.fast;
  layer.exact.units.parameters = layer.bias.exact.get();
  return layer;
}

// Allows an error relative to the mean. Means below the smallest that kernels return (1.6e-38)
// count as that.
Values allowedMeanErrors(Values means, const Values& fields, double beta) {
  for (std::size_t i = 0; i < means.size(); ++i) means[i] = means[i] * (4e-7 + 1.2e-7 * beta * (2 + std::fabs(fields[i]))) + 1.7e-38;
  return means;
}

TEST_CASE("Bernoulli means agree with the reference in relative terms") {
  forEachBackend([](const Candidate& candidate) {
    for (const double beta : {1.0, 0.3}) {
      for (const std::size_t units : widths) {
        CAPTURE(units);
        Twins twins(candidate);
        const Layer layer = layerOf(twins, 4, units, beta);
        const Twin mean = twins.zeros(4, units);
        twins.fast.updateUnits(layer.fast, *layer.fields.fast, mean.fast.get(), nullptr);
        twins.exact->updateUnits(layer.exact, *layer.fields.exact, mean.exact.get(), nullptr);
        checkTwin(twins, mean, allowedMeanErrors(valuesOf(*twins.exact, *mean.exact), valuesOf(*twins.exact, *layer.fields.exact), beta));
      }
    }
  });
}

TEST_CASE("Bernoulli samples are those of the reference unless rounding decides") {
  forEachBackend([](const Candidate& candidate) {
    std::size_t different = 0, drawn = 0;
    for (const std::size_t units : widths) {
      CAPTURE(units);
      Twins twins(candidate);
      const Layer layer = layerOf(twins, 20, units, 1);
      const Twin sample = twins.zeros(20, units), together = twins.zeros(20, units), mean = twins.zeros(20, units);
      twins.fast.updateUnits(layer.fast, *layer.fields.fast, nullptr, sample.fast.get());
      twins.fast.updateUnits(layer.fast, *layer.fields.fast, mean.fast.get(), together.fast.get());
      twins.exact->updateUnits(layer.exact, *layer.fields.exact, nullptr, sample.exact.get());
      const Values got = valuesOf(twins.fast, *sample.fast), want = valuesOf(*twins.exact, *sample.exact);
      CHECK(got == valuesOf(twins.fast, *together.fast));
      CHECK(paddingIsZero(*sample.fast));
      for (std::size_t i = 0; i < got.size(); ++i) different += got[i] != want[i];
      drawn += got.size();
    }
    // An error of 1e-7 in a mean flips one decision in ten million.
    CHECK(drawn > 10000);
    CHECK(different <= 1);
  });
}

// The largest lower bound of 2^16 p that kernels may take, by their own steps.
int leastOfQuickLogistic(int x) {
  const cpu::QuickLogistic& q = cpu::quickLogistic;
  const auto rounded = [](int a, int b) { return (a * b + 0x4000) >> 15; };
  const auto part = static_cast<std::size_t>(x >> 11 & 31);
  const int within = (x & 0x7ff) * 32 - 0x8000;
  const int most = q.most[part] + rounded(within, q.slope[part] + rounded(within, q.curve[part]));
  return (most & 0xffff) + 1 - 2 * cpu::quickError;
}

TEST_CASE("the logistic function of 16 bits is within its bound wherever a number may stand") {
  const auto exact = [](double x) { return 65536 / (1 + std::exp(-x)); };
  // What the rounding of floats may add (kernels/functions.hpp).
  constexpr double margin = 0.004;
  std::size_t wrong = 0;
  for (int x = INT16_MIN; x <= INT16_MAX; ++x) {
    const double low = x == INT16_MIN ? -HUGE_VAL : (x - 0.5) / cpu::quickUnits,
                 high = x == INT16_MAX ? HUGE_VAL : (x + 0.5) / cpu::quickUnits;
    const double least = leastOfQuickLogistic(x), most = least + 2 * cpu::quickError;
    // Numbers whose upper bits are below `least` are on, from `most` on they are off.
    wrong += least > 0 && least > exact(low) * (1 - 1e-6) - margin * (1 - exact(low) / 65536);
    wrong += most < 65536 && most < exact(high) * (1 + 1e-6) + margin;
  }
  CHECK(wrong == 0);
}

TEST_CASE("Bernoulli samples are the same with and without means, wherever 16 bits leave them open") {
  forEachIsa([](const cpu::Kernels& kernels) {
    constexpr std::size_t rows = 64, units = 150;
    cpu::CpuBackend backend(kernels, 1);
    const TensorPtr fields = backend.tensor(rows, units), bias = backend.tensor(1, units), mean = backend.tensor(rows, units),
                    alone = backend.tensor(rows, units), together = backend.tensor(rows, units);
    Dice dice(3);
    Values values(rows * units);
    for (double& v : values) v = dice.below(20) == 0 ? dice.between(-1e7, 1e7) : dice.between(-10, 10);
    backend.upload(std::span<const double>(values), *fields);
    const std::vector<double> betas = randomValues(rows, 5, Kind::grey);
    for (std::size_t step = 0; step < (sanitized ? 4 : 200); ++step) {
      UnitUpdate update{
          .units = {UnitType::bernoulli, bias.get()}, .beta = step % 2 ? 1 : 0.7, .stream = testStream(step), .firstChain = 3};
      if (step % 4 == 3) update.betas = betas;
      backend.updateUnits(update, *fields, nullptr, alone.get());
      backend.updateUnits(update, *fields, mean.get(), together.get());
      CHECK(valuesOf(backend, *alone) == valuesOf(backend, *together));
    }
  });
}

TEST_CASE("NaN fields give NaN means, so that divergence is seen") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate);
    Layer layer = layerOf(twins, 1, 20, 1);
    Values fields(20, 0.5);
    fields[3] = NAN;
    twins.fast.upload(std::span<const double>(fields), *layer.fields.fast);
    const Twin mean = twins.zeros(1, 20);
    twins.fast.updateUnits(layer.fast, *layer.fields.fast, mean.fast.get(), nullptr);
    const Values got = valuesOf(twins.fast, *mean.fast);
    CHECK(std::isnan(got[3]));
    CHECK(!std::isnan(got[2]));
  });
}

// Types without kernels of their own use GenericRows. Bernoulli units have both, so the two can be
// compared.
TEST_CASE("the generic row functions do what the Bernoulli kernels do") {
  using Generic = cpu::GenericRows<Bernoulli>;
  using Fast = cpu::UnitRows<Bernoulli>;
  const cpu::Kernels& kernels = *cpu::availableKernels().front();
  for (const std::size_t units : widths) {
    CAPTURE(units);
    cpu::CpuBackend backend(kernels, 1);
    auto row = [&](const Values& values) {
      TensorPtr t = backend.tensor(1, values.size());
      backend.upload(std::span<const double>(values), *t);
      return t;
    };
    const TensorPtr fields = row(fieldValues(units, units)), bias = row(randomValues(units, 7, Kind::signedReal));
    const TensorPtr weights = row(randomValues(units, 8, Kind::signedReal)), states = row(randomValues(units, 9, Kind::grey));
    const TensorPtr out[] = {row(Values(units)), row(Values(units)), row(Values(units)), row(Values(units))};
    auto data = [](const TensorPtr& t) { return cpu::cpuTensor(*t).touchedRow(0); };
    const cpu::UnitRow fieldRow{data(fields), data(bias), cpu::rowStride(units), units},
        stateRow{data(states), data(bias), cpu::rowStride(units), units};
    const UnitUpdate update{.units = {UnitType::bernoulli, bias.get()}, .beta = 0.8, .stream = testStream(), .firstChain = 12};
    kernels.bernoulliTile(
        Fast::tileOf(update, {0, 1, 0, units, data(fields), cpu::rowStride(units), &cpu::cpuTensor(*out[0]), &cpu::cpuTensor(*out[1])}));
    Generic::update(kernels, fieldRow, 0.8f, testStream(), 12, data(out[2]), data(out[3]));
    CHECK(worstError(valuesOf(backend, *out[0]), valuesOf(backend, *out[2]), {1e-6}) <= 1);
    CHECK(valuesOf(backend, *out[1]) == valuesOf(backend, *out[3]));
    const double size = static_cast<double>(units);
    CHECK(std::fabs(Fast::energy(kernels, stateRow) - Generic::energy(kernels, stateRow)) <= 1e-6 * size);
    for (const cpu::RowShift& shift : {cpu::RowShift{}, cpu::RowShift{data(weights), -0.5f}})
      CHECK(std::fabs(Fast::cumulant(kernels, fieldRow, shift, 0.8f) - Generic::cumulant(kernels, fieldRow, shift, 0.8f)) <= 2e-5 * size);
    std::vector<double> fastSums(320), genericSums(320);
    Generic::addStatistics(kernels, stateRow, nullptr, 0.3, 0, units, 320, genericSums.data());
    for (std::size_t j = 0; j < units; ++j) fastSums[j] = 0.3 * data(states)[j];
    CHECK(worstError(genericSums, fastSums, {1e-12}) <= 1);
  }
}

TEST_CASE("unit statistics agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t units : widths) {
      CAPTURE(units);
      Twins twins(candidate);
      const Twin states = twins.make(11, units, randomValues(11 * units, units, Kind::grey, 0.6));
      const Twin bias = twins.zeros(1, units), weights = twins.make(1, 11, randomValues(11, 3, Kind::grey)),
                 out = twins.make(1, units, randomValues(units, 4, Kind::grey));
      for (const bool weighted : {false, true})
        for (const double beta : {0.0, 0.5}) {
          twins.fast.unitStatistics({UnitType::bernoulli, bias.fast.get()}, *states.fast, nullptr, weighted ? weights.fast.get() : nullptr,
                                    -0.7, beta, *out.fast);
          twins.exact->unitStatistics({UnitType::bernoulli, bias.exact.get()}, *states.exact, nullptr,
                                      weighted ? weights.exact.get() : nullptr, -0.7, beta, *out.exact);
          checkTwin(twins, out, {3e-6});
        }
    }
  });
}

// The moments of some rows, with the sums of a second call added.
Values momentsOf(Backend& backend, MomentTerm term, const Tensor* weights) {
  const DoublesPtr out = backend.doubles(2 * term.values->cols());
  backend.moments(term, false, *out);
  backend.moments(term, false, *out);  // replaces the first
  term.rowWeights = weights;
  term.alpha = -0.3;
  backend.moments(term, true, *out);
  Values sums(out->size());
  backend.read(*out, sums);
  return sums;
}

TEST_CASE("moments about a centre agree with the reference, for every unit type") {
  forEachBackend([](const Candidate& candidate) {
    for (const UnitType type : {UnitType::bernoulli, UnitType::spin, UnitType::softmax, UnitType::gaussian, UnitType::relu,
                                UnitType::doubleRelu, UnitType::binomial, UnitType::counts})
      for (const std::size_t units : {3u, 129u, 300u})
        for (const bool means : {false, true}) {
          CAPTURE(static_cast<int>(type));
          CAPTURE(units);
          Twins twins(candidate);
          const std::uint32_t size = type == UnitType::counts ? static_cast<std::uint32_t>(units) : 3;
          const std::size_t count = unitParameterCount(type), rows = 9;
          const Twin parameters = twins.make(count, units, randomValues(count * units, 7, Kind::signedReal)),
                     values = twins.make(rows, units, randomValues(rows * units, 8, Kind::grey)),
                     fields = twins.make(rows, units, randomValues(rows * units, 9, Kind::signedReal)),
                     centre = twins.make(1, units, randomValues(units, 10, Kind::grey)),
                     weights = twins.make(1, rows, randomValues(rows, 11, Kind::grey));
          const Values got =
              momentsOf(twins.fast, {{type, parameters.fast.get(), size}, values.fast.get(), centre.fast.get(), means, fields.fast.get()},
                        weights.fast.get());
          const Values want = momentsOf(
              *twins.exact, {{type, parameters.exact.get(), size}, values.exact.get(), centre.exact.get(), means, fields.exact.get()},
              weights.exact.get());
          CHECK(worstError(got, want, {1e-12}) <= 1);
        }
  });
}

TEST_CASE("the moments of draws and of their conditional means agree") {
  const auto backend = makeReferenceBackend();
  const std::size_t rows = 20000;
  for (const UnitType type : {UnitType::bernoulli, UnitType::spin, UnitType::softmax, UnitType::gaussian, UnitType::relu,
                              UnitType::doubleRelu, UnitType::binomial}) {
    CAPTURE(static_cast<int>(type));
    const std::size_t count = unitParameterCount(type);
    const TensorPtr parameters = backend->tensor(count, 3), fields = backend->tensor(rows, 3), means = backend->tensor(rows, 3),
                    draws = backend->tensor(rows, 3), centre = backend->tensor(1, 3);
    backend->upload(std::span<const double>(randomValues(count * 3, 3, Kind::grey)), *parameters);
    backend->upload(std::span<const double>(Values{0.2, 0.5, 0.8}), *centre);
    const Units units{type, parameters.get(), 3};
    backend->updateUnits({.units = units, .stream = testStream()}, *fields, means.get(), draws.get());
    const double each = 1.0 / rows;
    const DoublesPtr expected = backend->doubles(6), drawn = backend->doubles(6);
    backend->moments({units, means.get(), centre.get(), true, fields.get(), nullptr, each}, false, *expected);
    backend->moments({units, draws.get(), centre.get(), false, nullptr, nullptr, each}, false, *drawn);
    Values want(6), got(6);
    backend->read(*expected, want);
    backend->read(*drawn, got);
    CHECK(worstError(got, want, {0.1}) <= 1);
  }
}

TEST_CASE("variances of mixtures and inverse deviations") {
  const Graph path(4, 1, {{0, 1}, {1, 3}});
  forEachBackend([&](const Candidate& candidate) {
    const auto backend = candidate.make(1);
    const TensorPtr values = backend->tensor(2, 4), centre = backend->tensor(1, 4), variances = backend->tensor(1, 4),
                    out = backend->tensor(1, 4), along = backend->tensor(1, 2), bias = backend->tensor(1, 4);
    // Two rows each, with means 1, 0, 2, 3 and variances 1, 0, 4, 0.
    backend->upload(std::span<const double>(Values{0, 0, 0, 3, 2, 0, 4, 3}), *values);
    backend->upload(std::span<const double>(Values{1, 0, 0, 3}), *centre);
    backend->upload(std::span<const double>(Values{4, 1, 1, 1}), *variances);
    const DoublesPtr moments = backend->doubles(8);
    backend->moments({{UnitType::bernoulli, bias.get()}, values.get(), centre.get(), false, nullptr, nullptr, 0.5}, false, *moments);
    backend->mixVariances(0.5, *moments, *variances);
    // (1 + 4) / 2 and so on; the third mean moves by 2, which adds 0.5 * 0.5 * 2^2.
    CHECK(worstError(valuesOf(*backend, *variances), {2.5, 0.5, 3.5, 0.5}, {1e-6}) <= 1);

    backend->upload(std::span<const double>(Values{4, 1, 0, 3}), *variances);  // mean 2
    backend->inverseDeviations(*variances, 0.1, nullptr, *out);
    CHECK(worstError(valuesOf(*backend, *out), {0.5, 1, 1 / std::sqrt(0.02), 1 / std::sqrt(3)}, {1e-6}) <= 1);
    CHECK(paddingIsZero(*out));
    backend->inverseDeviations(*variances, 0.1, &path, *along);
    CHECK(worstError(valuesOf(*backend, *along), {0.5, 1 / std::sqrt(3)}, {1e-6}) <= 1);
    backend->fill(0, *variances);
    backend->inverseDeviations(*variances, 0.1, nullptr, *out);
    CHECK(valuesOf(*backend, *out) == Values(4, 1.0));
  });
}

TEST_CASE("errors of categories") {
  forEachBackend([&](const Candidate& candidate) {
    const auto backend = candidate.make(1);
    const TensorPtr sums = backend->tensor(6, 2), one = backend->tensor(6, 2), targets = backend->tensor(2, 3),
                    weights = backend->tensor(1, 2), out = backend->tensor(1, 6);
    // Logs of categories 0, 1, 2 of two rows; those of the second are too large to be exponents.
    const Values logs{0.5, -1, 2, 900, 901, 899};
    Values spread;
    for (const double x : logs) spread.insert(spread.end(), {x, 0});
    backend->upload(std::span<const double>(spread), *sums);
    backend->fill(1, *one);
    const DoublesPtr given = backend->doubles(6);
    backend->rowDots(*sums, *one, {given.get()});
    backend->upload(std::span<const double>(Values{0, 1, 0, 0.25, 0, 0.75}), *targets);
    backend->upload(std::span<const double>(Values{2, 0.5}), *weights);
    Values plain, weighted;
    for (std::size_t i = 0; i < 6; ++i) {
      const double* row = &logs[i / 3 * 3];
      const double p = std::exp(logs[i] - row[1]) / (std::exp(row[0] - row[1]) + 1 + std::exp(row[2] - row[1]));
      plain.push_back(Values{0, 1, 0, 0.25, 0, 0.75}[i] - p);
      weighted.push_back(plain.back() * (i < 3 ? 2 : 0.5));
    }
    backend->categoryErrors(*given, *targets, nullptr, *out);
    CHECK(worstError(valuesOf(*backend, *out), plain, {1e-6}) <= 1);
    backend->categoryErrors(*given, *targets, weights.get(), *out);
    CHECK(worstError(valuesOf(*backend, *out), weighted, {2e-6}) <= 1);
    CHECK(paddingIsZero(*out));
  });
}

TEST_CASE("energies, cumulants and inner products agree with the reference") {
  forEachBackend([](const Candidate& candidate) {
    for (const std::size_t units : widths) {
      CAPTURE(units);
      Twins twins(candidate);
      const std::size_t rows = 5;
      const Layer layer = layerOf(twins, rows, units, 1);
      const Twin states = twins.make(rows, units, randomValues(rows * units, 9, Kind::grey));
      const Twin shifts = twins.make(6, units, randomValues(6 * units, 10, Kind::signedReal));
      const std::vector<std::uint32_t> unit{5, 0, 3, 3, 1};
      const Values amount{1, -1, 0.5, 0, -0.25};
      auto all = [&](Backend& b, const UnitUpdate& update, const Tensor& fields, const Tensor& s, const Tensor& weights) {
        const FieldShift shift{&weights, unit, amount};
        auto cumulants = [&](double beta, const FieldShift* moved) {
          return reduced(b, rows, [&](const RowSum& sum) { b.cumulants(update.units, fields, beta, moved, sum); });
        };
        return std::vector<Values>{reduced(b, rows, [&](const RowSum& sum) { b.unitEnergies(update.units, s, sum); }),
                                   cumulants(1, nullptr), cumulants(0.4, nullptr), cumulants(1, &shift),
                                   reduced(b, rows, [&](const RowSum& sum) { b.rowDots(s, fields, sum); })};
      };
      const auto got = all(twins.fast, layer.fast, *layer.fields.fast, *states.fast, *shifts.fast);
      const auto want = all(*twins.exact, layer.exact, *layer.fields.exact, *states.exact, *shifts.exact);
      // Fields reach 120 in float32. Energies and inner products are sums of exact products in
      // double precision.
      const double perUnit[] = {1e-15, 8e-6, 4e-6, 8e-6, 1e-13};
      for (std::size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        CHECK(worstError(got[i], want[i], {perUnit[i] * static_cast<double>(units)}) <= 1);
      }
    }
  });
}

TEST_CASE("reductions replace or add, with a factor, and leave later rows alone") {
  forEachBackend([](const Candidate& candidate) {
    const auto backend = candidate.make(1);
    const TensorPtr a = backend->tensor(2, 3), b = backend->tensor(2, 3), bias = backend->tensor(1, 3), zeros = backend->tensor(2, 3);
    backend->upload(std::span<const double>(Values{1, 2, 3, 4, 5, 6}), *a);
    backend->upload(std::span<const double>(Values{1, 1, 1, 2, 0, 1}), *b);
    backend->upload(std::span<const double>(Values{1, 0, -1}), *bias);
    const DoublesPtr out = backend->doubles(3);
    Values values(3);
    auto check = [&](const Values& expected) {
      backend->read(*out, values);
      CHECK(worstError(values, expected, {1e-6}) <= 1);
    };
    check({0, 0, 0});
    backend->rowDots(*a, *b, {out.get(), 2});
    check({12, 28, 0});
    backend->unitEnergies({UnitType::bernoulli, bias.get()}, *b, {out.get(), -1, true});  // -0, -1
    check({12, 29, 0});
    backend->cumulants({UnitType::bernoulli, zeros.get()}, *zeros, 1, nullptr, {out.get(), 1, true});
    check({12 + 3 * std::log(2), 29 + 3 * std::log(2), 0});
    backend->rowDots(*a, *b, {out.get(), -1});
    check({-6, -14, 0});
  });
}

TEST_CASE("cumulants keep their relative precision where they are tiny") {
  forEachBackend([](const Candidate& candidate) {
    Twins twins(candidate);
    for (const double field : {-60.0, -20.0, -8.0, -1.0, 0.0, 1.0, 30.0, 300.0}) {
      CAPTURE(field);
      const Twin fields = twins.make(1, 1, {field}), bias = twins.zeros(1, 1);
      auto cumulant = [](Backend& b, const TensorPtr& field, const TensorPtr& parameters) {
        return reduced(b, 1, [&](const RowSum& sum) { b.cumulants({UnitType::bernoulli, parameters.get()}, *field, 1, nullptr, sum); });
      };
      const Values got = cumulant(twins.fast, fields.fast, bias.fast), want = cumulant(*twins.exact, fields.exact, bias.exact);
      CHECK(std::fabs(got[0] - want[0]) <= 5e-7 * want[0]);
    }
  });
}

}  // namespace
}  // namespace boltzkit::test
