// Diagnostics of series against closed forms.
#include "monitoring/diagnostics.hpp"

#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

double normal(Dice& dice) { return std::sqrt(-2 * std::log(1 - dice.uniform())) * std::cos(2 * 3.14159265358979323846 * dice.uniform()); }

// x_t = a x_(t-1) + sqrt(1 - a^2) e_t, started in equilibrium: variance 1, autocorrelation a^t,
// integrated time (1 + a) / (1 - a).
Series autoregressive(double a, std::size_t chains, std::size_t length, std::uint64_t seed) {
  Dice dice(seed);
  Series series{chains, length, {}};
  for (std::size_t c = 0; c < chains; ++c) {
    double x = normal(dice);
    for (std::size_t t = 0; t < length; ++t) {
      series.values.push_back(x);
      x = a * x + std::sqrt(1 - a * a) * normal(dice);
    }
  }
  return series;
}

TEST_CASE("autocorrelation time of autoregressive series") {
  for (const double a : {-0.5, 0.0, 0.5, 0.8, 0.9}) {
    CAPTURE(a);
    const Mixing mixing = mixingOf(autoregressive(a, 100, 1000, 7));
    const double time = (1 + a) / (1 - a);
    // Five standard errors of the truncated sum are less than a tenth.
    CHECK(mixing.autocorrelationTime == doctest::Approx(time).epsilon(0.1));
    CHECK(mixing.effectiveSampleSize == doctest::Approx(100 * 1000 / mixing.autocorrelationTime));
    CHECK(mixing.splitRhat == doctest::Approx(1).epsilon(0.02));
  }
}

// Independent draws of unit variance around different or moving means. var+ is 1 + the variance of
// the half chains' means.
TEST_CASE("split-R-hat of chains about different means and of chains that move") {
  constexpr double far = 2;
  Series apart = autoregressive(0, 100, 1000, 3), moving = apart;
  for (std::size_t c = 0; c < 100; ++c)
    for (std::size_t t = 0; t < 1000; ++t) {
      apart.values[c * 1000 + t] += c % 2 == 0 ? far : -far;
      moving.values[c * 1000 + t] += t < 500 ? far : -far;
    }
  const double expected = std::sqrt(1 + far * far);
  CHECK(mixingOf(apart).splitRhat == doctest::Approx(expected).epsilon(0.02));
  CHECK(mixingOf(moving).splitRhat == doctest::Approx(expected).epsilon(0.02));
  CHECK(mixingOf(apart).effectiveSampleSize < 1000);
  const Trend trend = trendOf(moving);
  CHECK(trend.value == doctest::Approx(-2 * far).epsilon(0.01));
  CHECK(trend.standardError == doctest::Approx(std::sqrt(2.0 / 500 / 100)).epsilon(0.4));
  CHECK(std::fabs(trendOf(apart).value) < 5 * std::sqrt(2.0 / 500 / 100));
}

TEST_CASE("series without anything to say") {
  const Mixing still = mixingOf({2, 10, Values(20, 3.0)});
  CHECK(still.splitRhat == 1);
  CHECK(still.effectiveSampleSize == 20);
  CHECK(std::isnan(mixingOf({2, 3, Values(6, 3.0)}).splitRhat));
  Series broken = autoregressive(0.5, 3, 20, 1);
  broken.values[17] = INFINITY;
  CHECK(std::isnan(mixingOf(broken).autocorrelationTime));
  CHECK(std::isinf(mixingOf({2, 4, {1, 1, 1, 1, 2, 2, 2, 2}}).splitRhat));
}

}  // namespace
}  // namespace boltzkit::test
