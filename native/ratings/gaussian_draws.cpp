#include "ratings/gaussian_draws.hpp"

#include <numbers>

#include "ratings/gaussian_matrix.hpp"

namespace boltzkit::ratings {
namespace {

struct Pair {
  double first, second;
};

Pair boxMuller(std::uint32_t a, std::uint32_t b) {
  const double radius = std::sqrt(-2 * std::log((a + 0.5) * 0x1p-32)), angle = 2 * std::numbers::pi * ((b + 0.5) * 0x1p-32);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace

double Draws::normal() {
  if (hasSpare_) {
    hasSpare_ = false;
    return spare_;
  }
  const std::uint32_t a = word();
  const Pair pair = boxMuller(a, word());
  spare_ = pair.second;
  hasSpare_ = true;
  return pair.first;
}

double Draws::gamma(double shape) {
  if (shape < 1) {
    const double power = std::pow(uniform(), 1 / shape);  // before the recursion, for a fixed order
    return power * gamma(shape + 1);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

void fillNormals(const Stream& stream, std::uint32_t row, std::uint32_t firstBlock, std::span<float> out) {
  for (std::size_t j = 0; j < out.size(); j += 4) {
    const Words4 words = streamWords(stream, row, firstBlock + static_cast<std::uint32_t>(j / 4));
    const Pair a = boxMuller(words.w[0], words.w[1]), b = boxMuller(words.w[2], words.w[3]);
    const double four[4] = {a.first, a.second, b.first, b.second};
    for (std::size_t i = 0; i < 4 && j + i < out.size(); ++i) out[j + i] = static_cast<float>(four[i]);
  }
}

// L A A^T L^T, where V = L L^T and A is lower triangular: A_ii^2 is chi-square with n - i degrees of
// freedom, what is below the diagonal is standard normal.
std::vector<double> wishart(Draws& draws, const std::vector<double>& inverseScale, std::size_t k, double n) {
  const std::vector<double> lower = choleskyLower(inverse(inverseScale, k), k);
  std::vector<double> product(k * k, 0.0), a(k * k, 0.0), result(k * k, 0.0);
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < i; ++j) a[i * k + j] = draws.normal();
    a[i * k + i] = std::sqrt(2 * draws.gamma((n - static_cast<double>(i)) / 2));
  }
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t m = 0; m <= i; ++m)
      for (std::size_t j = 0; j <= m; ++j) product[i * k + j] += lower[i * k + m] * a[m * k + j];
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t m = 0; m <= j; ++m) sum += product[i * k + m] * product[j * k + m];
      result[i * k + j] = result[j * k + i] = sum;
    }
  return result;
}

void addNormal(Draws& draws, const std::vector<double>& precision, double factor, std::vector<double>& mean) {
  const std::size_t k = mean.size();
  const std::vector<double> lower = choleskyLower(precision, k);
  std::vector<double> z(k);
  for (double& each : z) each = draws.normal();
  solveTransposed(lower, k, z);  // precision = L L^T, so L^-T z has the covariance precision^-1
  for (std::size_t i = 0; i < k; ++i) mean[i] += z[i] / std::sqrt(factor);
}

}  // namespace boltzkit::ratings
