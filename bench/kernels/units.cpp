// Element-wise kernels on one core: Bernoulli updates, sums of softplus, optimiser steps,
// transposition. Reports nanoseconds per element.
#include <cstdio>

#include "bench.hpp"

namespace boltzkit::bench {
namespace {

constexpr std::size_t rows = 100, units = 784;

bool report(const char* name, double seconds, double elements, double error, double allowed) {
  std::printf("  %-32s %8.1f us %7.3f ns per element   error %.0e%s\n", name, seconds * 1e6, seconds / elements * 1e9, error,
              error <= allowed ? "" : "  WRONG");
  return error <= allowed;
}

TensorPtr randomTensor(Backend& backend, std::size_t r, std::size_t c, std::uint64_t seed, double scale) {
  TensorPtr t = backend.tensor(r, c);
  Dice dice(seed);
  std::vector<double> values(r * c);
  for (double& v : values) v = static_cast<float>(scale * dice.normal());
  backend.upload(std::span<const double>(values), *t);
  return t;
}

double largestDifference(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(a[i] - b[i]));
  return worst;
}

struct Setting {
  explicit Setting(Backend& b)
      : backend(b),
        fields(randomTensor(b, rows, units, 1, 3)),
        bias(randomTensor(b, 1, units, 2, 1)),
        mean(b.tensor(rows, units)),
        sample(b.tensor(rows, units)) {}
  void update(bool means, bool samples) {
    backend.updateUnits({.units = {UnitType::bernoulli, bias.get()}, .stream = {.seed = 5, .step = 9}}, *fields,
                        means ? mean.get() : nullptr, samples ? sample.get() : nullptr);
  }
  Backend& backend;
  TensorPtr fields, bias, mean, sample;
};

bool benchUpdates(Backend& fast, Backend& exact) {
  Setting a(fast), b(exact);
  b.update(true, true);
  const double count = rows * units;
  bool good = true;
  const double mean = secondsPerCall([&] { a.update(true, false); });
  good = report("Bernoulli means", mean, count, largestDifference(valuesOf(fast, *a.mean), valuesOf(exact, *b.mean)), 1e-6) && good;
  const double sample = secondsPerCall([&] { a.update(false, true); });
  good = report("Bernoulli samples", sample, count, largestDifference(valuesOf(fast, *a.sample), valuesOf(exact, *b.sample)), 0) && good;
  std::vector<double> got(rows);
  const std::vector<double> want = reduced(exact, rows, [&](const RowSum& sum) {
    exact.cumulants({UnitType::bernoulli, b.bias.get()}, *b.fields, 1, nullptr, sum);
  });
  const DoublesPtr sums = fast.doubles(rows);
  const double cumulant = secondsPerCall([&] { fast.cumulants({UnitType::bernoulli, a.bias.get()}, *a.fields, 1, nullptr, {sums.get()}); });
  fast.read(*sums, got);
  return report("cumulants", cumulant, count, largestDifference(got, want), 1e-3) && good;
}

bool benchOptimiser(Backend& fast, Backend& exact) {
  auto steps = [](Backend& b, OptimiserStep::Kind kind, int repeats, double* seconds) {
    const TensorPtr p = randomTensor(b, 784, 500, 1, 1), g = randomTensor(b, 784, 500, 2, 1), m = b.tensor(784, 500),
                    v = b.tensor(784, 500);
    const ParameterSlot slots[] = {{p.get(), g.get(), m.get(), v.get(), 0, 1e-4, 1}};
    const OptimiserStep step{.kind = kind, .learningRate = 0.01, .momentum = 0.9};
    const StepOutcomePtr outcome = b.stepOutcome();
    for (int i = 0; i < repeats; ++i) b.optimise(step, slots, *outcome);
    std::vector<double> values = valuesOf(b, *p);
    if (seconds) *seconds = secondsPerCall([&] { b.optimise(step, slots, *outcome); });
    return values;
  };
  bool good = true;
  for (const auto kind : {OptimiserStep::Kind::sgd, OptimiserStep::Kind::adam}) {
    double seconds = 0;
    const auto got = steps(fast, kind, 2, &seconds), want = steps(exact, kind, 2, nullptr);
    good =
        report(kind == OptimiserStep::Kind::sgd ? "SGD with momentum" : "Adam", seconds, 784 * 500, largestDifference(got, want), 1e-4) &&
        good;
  }
  return good;
}

bool benchTranspose(const cpu::Kernels& kernels) {
  cpu::CpuTensor from(784, 500), to(512, 784);
  Dice dice(1);
  for (std::size_t r = 0; r < 784; ++r)
    for (std::size_t j = 0; j < 500; ++j) from.writeRow(r)[j] = static_cast<float>(dice.uniform());
  const double seconds =
      secondsPerCall([&] { kernels.transpose(from.row(0), from.stride(), 784, 500, nullptr, to.writeRow(0), to.stride()); });
  double error = 0;
  for (std::size_t r = 0; r < 784; ++r)
    for (std::size_t j = 0; j < 500; ++j) error = std::max(error, static_cast<double>(std::fabs(from.row(r)[j] - to.row(j)[r])));
  return report("transposition 784 x 500", seconds, 784 * 500, error, 0);
}

}  // namespace

bool benchUnits(const cpu::Kernels& kernels) {
  cpu::CpuBackend fast(kernels, 1);
  const auto exact = makeReferenceBackend();
  bool good = benchUpdates(fast, *exact);
  good = benchOptimiser(fast, *exact) && good;
  return benchTranspose(kernels) && good;
}

}  // namespace boltzkit::bench
