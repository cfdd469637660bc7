#include "likelihood/bennett.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "sampling/sigmoid.hpp"

namespace boltzkit {
namespace {

struct Moments {
  double first = 0, second = 0;
};

// Means over the samples of sigmoid(sign * (u - shift)) and of its square.
Moments acceptance(std::span<const double> u, double sign, double shift) {
  Moments m;
  for (const double x : u) {
    const double f = sigmoid(sign * (x - shift));
    m.first += f;
    m.second += f * f;
  }
  m.first /= static_cast<double>(u.size());
  m.second /= static_cast<double>(u.size());
  return m;
}

// Variance of the mean acceptance divided by its square, estimated from the differences between
// groups.
double groupedVariance(std::span<const double> u, double sign, double shift, double mean, std::size_t groups) {
  std::vector<double> sums(groups, 0.0), counts(groups, 0.0);
  for (std::size_t i = 0; i < u.size(); ++i) {
    sums[i % groups] += sigmoid(sign * (u[i] - shift));
    ++counts[i % groups];
  }
  double squares = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    const double deviation = (sums[g] - counts[g] * mean) / mean / static_cast<double>(u.size());
    squares += deviation * deviation;
  }
  return squares * static_cast<double>(groups) / static_cast<double>(groups - 1);
}

}  // namespace

LogRatio bennettRatio(std::span<const double> from0, std::span<const double> from1) { return bennettRatio(from0, from1, from1.size()); }

LogRatio bennettRatio(std::span<const double> from0, std::span<const double> from1, std::size_t groups) {
  const double n0 = static_cast<double>(from0.size()), n1 = static_cast<double>(from1.size());
  // At shift = log(Z1 / Z0) + log(n0 / n1) the sums of acceptances from both sides are equal. Their
  // difference falls as the shift rises.
  const auto [low0, high0] = std::minmax_element(from0.begin(), from0.end());
  const auto [low1, high1] = std::minmax_element(from1.begin(), from1.end());
  const double margin = std::fabs(std::log(n0 / n1)) + 1;
  double low = std::min(*low0, *low1) - margin, high = std::max(*high0, *high1) + margin;
  double shift = 0.5 * (low + high);
  for (int i = 0; i < 200 && high - low > 1e-13 * (1 + std::fabs(low) + std::fabs(high)); ++i) {
    const Moments f = acceptance(from0, 1, shift), g = acceptance(from1, -1, shift);
    const double difference = n0 * f.first - n1 * g.first, slope = n0 * (f.first - f.second) + n1 * (g.first - g.second);
    (difference > 0 ? low : high) = shift;
    // Takes Newton's step if it stays within the bracket, else bisects. Newton may close the
    // bracket from one side only, so a step below the resolution also ends the search.
    const double step = difference / slope;
    if (std::fabs(step) <= 1e-13 * (1 + std::fabs(shift))) break;
    shift = shift + step > low && shift + step < high ? shift + step : 0.5 * (low + high);
  }
  const Moments f = acceptance(from0, 1, shift), g = acceptance(from1, -1, shift);
  if (f.first == 0 || g.first == 0) return {shift - std::log(n0 / n1), std::numeric_limits<double>::infinity(), 1, 0};
  const double variance0 = std::max(0.0, f.second / (f.first * f.first) - 1) / n0;
  const double variance1 =
      groups < from1.size() ? groupedVariance(from1, -1, shift, g.first, groups) : std::max(0.0, g.second / (g.first * g.first) - 1) / n1;
  const double freedom0 = std::max(1.0, n0 - 1), freedom1 = std::max(1.0, static_cast<double>(groups) - 1);
  const double variance = variance0 + variance1, spread = variance0 * variance0 / freedom0 + variance1 * variance1 / freedom1;
  const double freedom = spread > 0 ? variance * variance / spread : freedom0 + freedom1;
  return {shift - std::log(n0 / n1), std::sqrt(variance), freedom, f.first + g.first};
}

}  // namespace boltzkit
