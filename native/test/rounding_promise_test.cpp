// The promise of rounded weights (docs/math.md), for weights and states of any kind: errors of
// fields are zero on average and have a standard deviation of at most 2^-8, or 2^-8 of a unit's own
// scale if that is larger. The inputs are chosen to make errors add up.
#include <numeric>

#include "cpu/kernels/dither.hpp"
#include "cpu/rounded_weights.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

constexpr double promised = 0x1p-8;

// Errors of the fields computed by the fast backend.
Values errorsOf(Twins& twins, const Twin& states, const Twin& weights, bool transposed, Accuracy accuracy = Accuracy::draws) {
  const Twin out = twins.zeros(states.rows(), transposed ? weights.rows() : weights.cols());
  const FieldTerm fast{states.fast.get(), weights.fast.get(), transposed, 1, nullptr, accuracy},
      exact{states.exact.get(), weights.exact.get(), transposed, 1};
  twins.fast.fields(std::span(&fast, 1), false, *out.fast);
  twins.exact->fields(std::span(&exact, 1), false, *out.exact);
  Values errors = valuesOf(twins.fast, *out.fast);
  const Values want = valuesOf(*twins.exact, *out.exact);
  for (std::size_t i = 0; i < errors.size(); ++i) errors[i] -= want[i];
  return errors;
}

double largestOf(const Values& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::fabs(v));
  return most;
}

double rootMeanSquare(const Values& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

struct Machine {
  const char* name;
  std::function<double(std::size_t, std::size_t)> weight;
  std::function<double(std::size_t)> state;
};

// A random sign that depends only on the place and the seed.
double signOf(std::size_t i, std::uint64_t seed) { return Dice(seed + 1000003 * i).uniform() < 0.5 ? -1 : 1; }

TEST_CASE("fields of rounded weights keep the promise where errors could add up") {
  constexpr std::size_t n = 600, m = 200;
  const auto tiny = [](std::size_t i, std::size_t j) { return i + j == 0 ? 2.0 : 0.37 * 2 / 8190; };
  const Machine machines[] = {
      {"equal weights and one bond", [](std::size_t i, std::size_t j) { return i + j == 0 ? 1.9 : 0.01; }, [](std::size_t) { return 1.0; }},
      {"weights below half a unit", tiny, [](std::size_t) { return 1.0; }},
      {"spins along a pattern", [](std::size_t i, std::size_t j) { return i + j == 0 ? 1.9 : 0.0123 * signOf(i, 1) * signOf(j, 2); },
       [](std::size_t i) { return signOf(i, 1); }},
      {"two patterns",
       [](std::size_t i, std::size_t j) { return 0.0123 * signOf(i, 1) * signOf(j, 2) + 0.0311 * signOf(i, 3) * signOf(j, 4); },
       [](std::size_t i) { return signOf(i, 3); }},
      {"rows of their own value", [](std::size_t i, std::size_t j) { return i + j == 0 ? 1.9 : 0.001 * static_cast<double>(i % 28); },
       [](std::size_t i) { return i % 28 < 14 ? 1.0 : 0.0; }},
      {"a slope", [](std::size_t i, std::size_t j) { return i + j == 0 ? 1.9 : 3e-5 * static_cast<double>(i); },
       [](std::size_t) { return 1.0; }}};
  forEachCpu([&](const Candidate& candidate) {
    Twins twins(candidate, 2);
    for (const Machine& machine : machines)
      for (const bool transposed : {false, true}) {
        INFO(std::string(machine.name));
        CAPTURE(transposed);
        Values w(n * m), s;
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = 0; j < m; ++j) w[transposed ? j * n + i : i * m + j] = static_cast<float>(machine.weight(i, j));
        for (std::size_t i = 0; i < n; ++i) s.push_back(machine.state(i));
        const Twin states = twins.make(1, n, s), weights = transposed ? twins.make(m, n, w) : twins.make(n, m, w);
        const Values errors = errorsOf(twins, states, weights, transposed);
        CHECK(rootMeanSquare(errors) <= promised);
        CHECK(largestOf(errors) <= 5 * promised);
        double mean = 0;
        for (const double e : errors) mean += e / m;
        CHECK(std::fabs(mean) <= 5 * promised / std::sqrt(m));
        CHECK(errors != errorsOf(twins, states, weights, transposed, Accuracy::full));
      }
  });
}

// The largest singular value of the errors of equal weights, relative to that of equally many
// independent errors: sqrt(n) + sqrt(m) standard deviations.
double coherence(std::size_t n, std::size_t m, double fraction) {
  Values errors(n * m), right(m, 1), left(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < m; ++j)
      errors[i * m + j] = (static_cast<double>(cpu::dither(i, j)) / (1 << cpu::ditherBits) < fraction ? 1 : 0) - fraction;
  double largest = 0;
  for (int iteration = 0; iteration < 60; ++iteration) {
    double length = 0;
    for (const double x : right) length += x * x;
    for (double& x : right) x /= std::sqrt(length);
    for (std::size_t i = 0; i < n; ++i)
      left[i] = std::inner_product(right.begin(), right.end(), errors.begin() + static_cast<std::ptrdiff_t>(i * m), 0.0);
    std::fill(right.begin(), right.end(), 0.0);
    largest = 0;
    for (std::size_t i = 0; i < n; ++i) {
      largest += left[i] * left[i];
      for (std::size_t j = 0; j < m; ++j) right[j] += left[i] * errors[i * m + j];
    }
  }
  const auto root = [](std::size_t x) { return std::sqrt(static_cast<double>(x)); };
  return std::sqrt(largest / (fraction * (1 - fraction))) / (root(n) + root(m));
}

TEST_CASE("the errors of equal weights are as good as independent") {
  for (const double fraction : sanitized ? std::vector{0.3} : std::vector{0.5, 0.3, 0.1}) {
    CHECK(coherence(784, 500, fraction) < 1.15);
    CHECK(coherence(200, 2500, fraction) < 1.15);
  }
  if (!sanitized) CHECK(coherence(2000, 2000, 0.5) < 1.2);
}

// All spins point the same way. With weights rounded to the nearest value, this magnet would lose
// most of its couplings.
TEST_CASE("a magnet of equal couplings keeps its field beside one strong bond") {
  constexpr std::size_t n = 4096;
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    for (const double bond : {3.0, 6.727}) {
      Values w(n * 32, static_cast<double>(1.2f / n));
      w[0] = bond;
      const Twin weights = twins.make(n, 32, w), states = twins.make(1, n, Values(n, 1.0));
      const Values errors = errorsOf(twins, states, weights, false);
      CHECK(largestOf(errors) <= 5 * promised);
    }
  });
}

// 255 states of 255 with weights of 3e-4 give a field of 19.5; the bias of -19 nearly cancels it.
// One weight of 22 makes the rounding unit coarse, and 0 times it adds nothing.
TEST_CASE("states up to 255 are in the bound") {
  constexpr std::size_t n = 256;
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    Values w(n * n, static_cast<double>(3e-4f)), s(n, 255.0), bias(n, -19.0);
    w[0] = 22;
    s[0] = 0;
    const Twin weights = twins.make(n, n, w), states = twins.make(1, n, s), biases = twins.make(1, n, bias);
    const Twin fields = twins.zeros(1, n), mean = twins.zeros(1, n);
    const auto update = [&](Backend& backend, const Tensor& st, const Tensor& wt, const Tensor& b, Tensor& r, Tensor& out) {
      const FieldTerm term{&st, &wt, false, 1, nullptr, Accuracy::draws};
      backend.fieldsAndUnits(std::span(&term, 1), {.units = {UnitType::bernoulli, &b}, .stream = testStream()}, r, &out, nullptr);
    };
    update(twins.fast, *states.fast, *weights.fast, *biases.fast, *fields.fast, *mean.fast);
    update(*twins.exact, *states.exact, *weights.exact, *biases.exact, *fields.exact, *mean.exact);
    CHECK(valuesOf(*twins.exact, *mean.exact)[7] == doctest::Approx(0.624).epsilon(1e-2));
    CHECK(worstError(valuesOf(twins.fast, *mean.fast), valuesOf(*twins.exact, *mean.exact), {5 * promised / 4}) <= 1);
  });
}

TEST_CASE("Gaussian units of unequal scale get means as exact as their own scale asks for") {
  constexpr std::size_t n = 64, units = 600;
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    Values w(n * units), s(n), parameters(2 * units);
    Dice dice(7);
    for (std::size_t j = 0; j < units; ++j) {
      const double scale = j % 2 ? 1 : 1000;
      parameters[units + j] = static_cast<float>(-2 * std::log(scale));
      for (std::size_t i = 0; i < n; ++i) w[i * units + j] = static_cast<float>(dice.between(-2, 2) / scale);
    }
    for (double& v : s) v = dice.uniform() < 0.5;
    const Twin weights = twins.make(n, units, w), states = twins.make(1, n, s), own = twins.make(2, units, parameters);
    const Twin fields = twins.zeros(1, units), mean = twins.zeros(1, units);
    const auto update = [&](Backend& backend, const Tensor& st, const Tensor& wt, const Tensor& p, Tensor& r, Tensor& out) {
      const FieldTerm term{&st, &wt, false, 1, nullptr, Accuracy::draws};
      backend.fieldsAndUnits(std::span(&term, 1), {.units = {UnitType::gaussian, &p}, .stream = testStream()}, r, &out, nullptr);
    };
    update(twins.fast, *states.fast, *weights.fast, *own.fast, *fields.fast, *mean.fast);
    update(*twins.exact, *states.exact, *weights.exact, *own.exact, *fields.exact, *mean.exact);
    Values allowed(units);
    for (std::size_t j = 0; j < units; ++j) allowed[j] = 5 * promised * (j % 2 ? 1 : 1000);
    CHECK(worstError(valuesOf(twins.fast, *mean.fast), valuesOf(*twins.exact, *mean.exact), allowed) <= 1);
  });
}

TEST_CASE("the tolerance falls with the temperature and with the scale of the units") {
  cpu::CpuBackend backend(cpu::kernelsNamed(""), 1);
  const TensorPtr bits = backend.tensor(1, 3), real = backend.tensor(2, 3);
  const Values betas{0.5, 4, 1}, parameters{0, 0, 0, 0, -2 * std::log(8.0), 1};
  backend.upload(std::span<const double>(parameters), *real);
  UnitUpdate update{.units = {UnitType::bernoulli, bits.get()}, .beta = 0.2};
  CHECK(cpu::toleranceOf(update) == promised);
  update.beta = 5;
  CHECK(cpu::toleranceOf(update) == promised / 5);
  update.betas = betas;
  CHECK(cpu::toleranceOf(update) == promised / 4);
  update.units = {UnitType::gaussian, real.get()};
  CHECK(cpu::toleranceOf(update) == doctest::Approx(promised / 32).epsilon(1e-6));
  update.units = {UnitType::doubleRelu, real.get()};
  CHECK(cpu::toleranceOf(update) == 0);
}

// Lists of states are kept between products. What they say about one matrix must not decide for
// another.
TEST_CASE("whether weights are rounded does not depend on the products before") {
  constexpr std::size_t n = 200, m = 180;
  forEachCpu([](const Candidate& candidate) {
    Twins twins(candidate, 2);
    Values s = randomValues(n, 81, Kind::binary, 0.5), large = randomValues(n * m, 82, Kind::signedReal), small = large;
    for (double& v : s) v *= 200;
    for (double& v : small) v /= 256;
    const Twin coarse = twins.make(n, m, large), fine = twins.make(n, m, small);
    const Twin first = twins.make(1, n, s), second = twins.make(1, n, s);
    const Values alone = errorsOf(twins, first, fine, false);
    errorsOf(twins, second, coarse, false);
    CHECK(errorsOf(twins, second, fine, false) == alone);
    CHECK(alone != errorsOf(twins, first, fine, false, Accuracy::full));
  });
}

}  // namespace
}  // namespace boltzkit::test
