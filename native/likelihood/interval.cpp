#include "likelihood/interval.hpp"

#include <algorithm>
#include <cmath>

#include "likelihood/log_sum.hpp"

namespace boltzkit {
namespace {

// Cornish & Fisher's expansion about the normal quantile (Abramowitz & Stegun 26.7.5). Its error is
// 1 % at 3 degrees of freedom.
double studentQuantile(double n) {
  const double z = 1.959963984540054, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

struct WeightMoments {
  double mean = 0, meanSquare = 0;  // of exp(u - largest)
};

WeightMoments weightMoments(std::span<const double> u) {
  const double top = *std::max_element(u.begin(), u.end()), n = static_cast<double>(u.size());
  WeightMoments m;
  for (const double x : u) {
    const double w = std::exp(x - top);
    m.mean += w / n;
    m.meanSquare += w * w / n;
  }
  return m;
}

}  // namespace

Interval studentInterval(double value, double standardError, double degreesOfFreedom) {
  const double reach = studentQuantile(std::max(1.0, degreesOfFreedom)) * standardError;
  return {value, value - reach, value + reach};
}

Interval logMeanInterval(std::span<const double> u) {
  const double n = static_cast<double>(u.size());
  const WeightMoments m = weightMoments(u);
  const double variance = std::max(0.0, m.meanSquare / (m.mean * m.mean) - 1) / (n - 1);
  return studentInterval(logMean(u), std::sqrt(variance), n - 1);
}

double effectiveSampleSize(std::span<const double> u) {
  const WeightMoments m = weightMoments(u);
  return static_cast<double>(u.size()) * m.mean * m.mean / m.meanSquare;
}

}  // namespace boltzkit
