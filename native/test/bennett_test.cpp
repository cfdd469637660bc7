// Bennett's acceptance ratio against ratios known in closed form.
#include <algorithm>

#include "fixtures.hpp"
#include "likelihood/bennett.hpp"

namespace boltzkit::test {
namespace {

double normal(Dice& dice) { return std::sqrt(-2 * std::log(1 - dice.uniform())) * std::cos(2 * 3.14159265358979323846 * dice.uniform()); }

// p0* = exp(-x^2 / 2), p1* = exp(-(x - mean)^2 / (2 spread^2)): log(Z1 / Z0) = log(spread).
struct Pair {
  double mean, spread;
  double u(double x) const { return x * x / 2 - (x - mean) * (x - mean) / (2 * spread * spread); }
};

LogRatio estimate(const Pair& pair, std::size_t n0, std::size_t n1, std::uint64_t seed) {
  Dice dice(seed);
  Values from0(n0), from1(n1);
  for (double& u : from0) u = pair.u(normal(dice));
  for (double& u : from1) u = pair.u(pair.mean + pair.spread * normal(dice));
  return bennettRatio(from0, from1);
}

TEST_CASE("Bennett's ratio is within its standard error, which is right") {
  constexpr int runs = 400;
  for (const Pair& pair : {Pair{0, 1}, Pair{1, 1}, Pair{0.5, 0.5}, Pair{2, 1.5}})
    for (const std::size_t n0 : {50, 400}) {
      CAPTURE(pair.mean);
      CAPTURE(n0);
      double errors = 0, squares = 0;
      for (int seed = 1; seed <= runs; ++seed) {
        const LogRatio ratio = estimate(pair, n0, 200, static_cast<std::uint64_t>(seed));
        const double error = ratio.value - std::log(pair.spread);
        if (pair.mean == 0) {  // equal distributions: u is constant, the result exact
          CHECK(std::fabs(error) < 1e-9);
          continue;
        }
        errors += error / ratio.standardError;
        squares += error * error / (ratio.standardError * ratio.standardError);
      }
      // False alarms below 1e-6, apart from bias.
      CHECK(std::fabs(errors) / std::sqrt(runs) < 5.0);
      // The variance of a chi-square mean.
      if (pair.mean != 0) CHECK(std::fabs(squares / runs - 1) < 5.0 * std::sqrt(2.0 / runs) + 0.05);
    }
}

TEST_CASE("Bennett's ratio shifts with the samples and changes sign with their roles") {
  const Values from0{0.3, -1.2, 0.9, 2.0}, from1{1.1, 3.0, -0.4};
  const LogRatio ratio = bennettRatio(from0, from1);
  auto mapped = [](Values values, double factor, double shift) {
    for (double& v : values) v = factor * v + shift;
    return values;
  };
  CHECK(bennettRatio(mapped(from0, 1, 1000), mapped(from1, 1, 1000)).value == doctest::Approx(ratio.value + 1000).epsilon(1e-9));
  CHECK(bennettRatio(mapped(from1, -1, 0), mapped(from0, -1, 0)).value == doctest::Approx(-ratio.value).epsilon(1e-9));
}

TEST_CASE("Bennett's ratio of distributions that never meet has no finite error") {
  const Values from0{-2000, -1900}, from1{2000, 1900};
  const LogRatio ratio = bennettRatio(from0, from1);
  CHECK(std::isfinite(ratio.value));
  CHECK(ratio.overlap < 1e-9);
  CHECK(ratio.standardError > 100);
}

}  // namespace
}  // namespace boltzkit::test
