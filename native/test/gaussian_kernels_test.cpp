// Kernels of the Gaussian rating machine against plain loops in double precision, on every
// instruction set, and the small matrices and draws behind its hyper-parameters.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "fixtures.hpp"
#include "ratings/gaussian_buffers.hpp"
#include "ratings/gaussian_draws.hpp"
#include "ratings/gaussian_kernels.hpp"
#include "ratings/gaussian_matrix.hpp"

namespace boltzkit::test {
namespace {

using namespace boltzkit::ratings;

// A symmetric positive definite matrix.
std::vector<double> positive(Dice& dice, std::size_t k) {
  std::vector<double> half(k * k), a(k * k, 0.0);
  for (double& x : half) x = dice.between(-1, 1);
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < k; ++j) {
      for (std::size_t m = 0; m < k; ++m) a[i * k + j] += half[i * k + m] * half[j * k + m];
      a[i * k + j] += i == j ? 0.5 : 0;
    }
  return a;
}

TEST_CASE("Gram matrices of gathered rows equal plain sums") {
  for (const GaussianKernels* kernels : availableGaussianKernels())
    for (const std::size_t d : {1, 8, 16, 17, 32, 50})
      for (const std::size_t n : {0, 1, 5, 127, 128, 300}) {
        CAPTURE(std::string(kernels->isa));
        CAPTURE(d);
        CAPTURE(n);
        Dice dice(d * 1000 + n);
        const std::size_t stride = factorStride(d), rows = 40;
        std::vector<float> factors(rows * stride, 0.0f), targets(n);
        for (std::size_t r = 0; r < rows; ++r)
          for (std::size_t c = 0; c < d; ++c) factors[r * stride + c] = static_cast<float>(dice.between(-1, 1));
        std::vector<std::uint32_t> columns(n);
        for (std::size_t e = 0; e < n; ++e) {
          columns[e] = static_cast<std::uint32_t>(dice.below(rows));
          targets[e] = static_cast<float>(dice.between(-2, 2));
        }
        const Aligned<float> block(gramBlock * stride);
        const Aligned<double> gram(stride * stride), sums(2 * stride);
        for (std::size_t i = 0; i < stride * stride; ++i) gram[i] = 7;  // what was there before does not count
        kernels->gram(factors.data(), stride, stride, columns.data(), targets.data(), n, block.get(), gram.get(), sums.get());
        const double allowed = 4e-7 * static_cast<double>(n) + 1e-12;  // single precision, blocks of 128
        for (std::size_t i = 0; i < d; ++i) {
          double weighted = 0, plain = 0;
          for (std::size_t e = 0; e < n; ++e) {
            weighted += static_cast<double>(targets[e]) * factors[columns[e] * stride + i];
            plain += factors[columns[e] * stride + i];
          }
          CHECK(std::fabs(sums[i] - weighted) <= 2 * allowed);
          CHECK(std::fabs(sums[stride + i] - plain) <= allowed);
          for (std::size_t j = i; j < d; ++j) {
            double sum = 0;
            for (std::size_t e = 0; e < n; ++e)
              sum += static_cast<double>(factors[columns[e] * stride + i]) * factors[columns[e] * stride + j];
            CHECK(std::fabs(gram[i * stride + j] - sum) <= allowed);
          }
        }
      }
}

TEST_CASE("Cholesky factors solve what they were made from") {
  for (const GaussianKernels* kernels : availableGaussianKernels())
    for (const std::size_t k : {1, 2, 7, 8, 9, 17, 33, 51}) {
      CAPTURE(std::string(kernels->isa));
      CAPTURE(k);
      Dice dice(k);
      const std::size_t wide = matrixStride(k);
      const std::vector<double> a = positive(dice, k);
      const Aligned<double> u(k * wide), x(wide);
      std::vector<double> wanted(k), right(k, 0.0);
      for (double& each : wanted) each = dice.between(-1, 1);
      for (std::size_t i = 0; i < k; ++i)
        for (std::size_t j = 0; j < k; ++j) right[i] += a[i * k + j] * wanted[j];
      for (std::size_t i = 0; i < k; ++i) {
        x[i] = right[i];
        for (std::size_t j = i; j < k; ++j) u[i * wide + j] = a[i * k + j];
      }
      CHECK(kernels->cholesky(u.get(), k));
      kernels->solveLower(u.get(), k, x.get());
      kernels->solveUpper(u.get(), k, x.get());
      for (std::size_t i = 0; i < k; ++i) CHECK(x[i] == doctest::Approx(wanted[i]).epsilon(1e-9));
      const Aligned<double> bad(k * wide);
      for (std::size_t i = 0; i < k; ++i) bad[i * wide + i] = i + 1 == k ? -1 : 1;
      CHECK_FALSE(kernels->cholesky(bad.get(), k));
    }
}

TEST_CASE("products and sums of rows equal plain sums, alike however many are asked for") {
  std::vector<float> first;
  for (const GaussianKernels* kernels : availableGaussianKernels()) {
    CAPTURE(std::string(kernels->isa));
    Dice dice(3);
    const std::size_t length = 48, rows = 21, users = 7;
    const Aligned<float> factors(rows * length), states(users * length), sums(length);
    for (std::size_t c = 0; c < rows * length; ++c) factors[c] = static_cast<float>(dice.between(-1, 1));
    for (std::size_t c = 0; c < users * length; ++c) states[c] = static_cast<float>(dice.between(-1, 1));
    std::vector<float> out(users * rows), alone(rows);
    std::vector<const float*> state;
    std::vector<float*> row;
    for (std::size_t u = 0; u < users; ++u) {
      state.push_back(states.get() + u * length);
      row.push_back(out.data() + u * rows);
    }
    kernels->products(factors.get(), length, rows, state.data(), users, row.data());
    for (std::size_t u = 0; u < users; ++u) {
      float* only = alone.data();
      kernels->products(factors.get(), length, rows, &state[u], 1, &only);
      for (std::size_t r = 0; r < rows; ++r) {
        double sum = 0;
        for (std::size_t c = 0; c < length; ++c) sum += static_cast<double>(factors[r * length + c]) * states[u * length + c];
        CHECK(std::fabs(out[u * rows + r] - sum) < 1e-5);
        CHECK(alone[r] == out[u * rows + r]);
      }
    }
    if (first.empty()) first = out;
    if (kernels->isa != std::string("portable")) CHECK(out == first);
    const std::vector<std::uint32_t> some{3, 20, 3, 0};
    kernels->rowSums(factors.get(), length, 32, some.data(), some.size(), sums.get());
    for (std::size_t c = 0; c < 32; ++c)
      CHECK(sums[c] == doctest::Approx(2.0 * factors[3 * length + c] + factors[20 * length + c] + factors[c]).epsilon(1e-5));
  }
}

TEST_CASE("two symmetric matrices become diagonal in one basis") {
  for (const std::size_t k : {1, 2, 5, 12}) {
    Dice dice(k + 50);
    const std::vector<double> a = positive(dice, k), b = positive(dice, k);
    const Diagonalised basis = diagonalise(a, b, k);
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j) {
        double inA = 0, inB = 0, both = 0;
        for (std::size_t p = 0; p < k; ++p) {
          both += basis.from[i * k + p] * basis.to[p * k + j];
          for (std::size_t q = 0; q < k; ++q) {
            inA += basis.to[p * k + i] * a[p * k + q] * basis.to[q * k + j];
            inB += basis.to[p * k + i] * b[p * k + q] * basis.to[q * k + j];
          }
        }
        CHECK(inA == doctest::Approx(i == j).epsilon(1e-9));
        CHECK(std::fabs(inB - (i == j ? basis.values[i] : 0)) < 1e-9);
        CHECK(both == doctest::Approx(i == j).epsilon(1e-9));
      }
  }
  CHECK_THROWS_AS(choleskyLower({1, 2, 2, 1}, 2), Error);
}

// Means over n draws; a deviation of 4.5 standard errors is seen once in 150,000 right comparisons.
TEST_CASE("normal, gamma and Wishart draws have their moments") {
  const std::size_t n = sanitized ? 4000 : 40000;
  const double root = std::sqrt(static_cast<double>(n));
  double sum = 0, squares = 0, fourth = 0;
  std::vector<float> row(7);
  for (std::uint32_t r = 0; r < n; ++r) {
    fillNormals({9, Purpose::sample, 0, 1}, r, 0, row);
    sum += row[r % 7];
    squares += row[r % 7] * row[r % 7];
    fourth += std::pow(row[r % 7], 4);
  }
  CHECK(std::fabs(sum) / root < 4.5);
  CHECK(std::fabs(squares - n) / root / std::sqrt(2) < 4.5);
  CHECK(std::fabs(fourth - 3.0 * n) / root / std::sqrt(96) < 4.5);
  for (const double shape : {0.4, 1.0, 3.7, 500.0}) {
    CAPTURE(shape);
    Draws draws({4, Purpose::sample, 1, 2});
    double total = 0, spread = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double x = draws.gamma(shape);
      total += x;
      spread += (x - shape) * (x - shape);
    }
    CHECK(std::fabs(total / n - shape) < 4.5 * std::sqrt(shape / n));
    CHECK(std::fabs(spread / n - shape) < 4.5 * std::sqrt((2 * shape * shape + 6 * shape) / n));
  }
  const std::size_t k = 3;
  Dice dice(8);
  const std::vector<double> v = positive(dice, k), inverseV = inverse(v, k);
  std::vector<double> mean(k * k, 0.0);
  const double freedom = 5.5;
  Draws draws({4, Purpose::sample, 2, 2});
  for (std::size_t i = 0; i < n; ++i) {
    const std::vector<double> w = wishart(draws, inverseV, k, freedom);
    for (std::size_t c = 0; c < k * k; ++c) mean[c] += w[c] / n;
  }
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < k; ++j) {
      const double error = std::sqrt(freedom * (v[i * k + j] * v[i * k + j] + v[i * k + i] * v[j * k + j]) / n);
      CHECK(std::fabs(mean[i * k + j] - freedom * v[i * k + j]) < 4.5 * error);
    }
}

}  // namespace
}  // namespace boltzkit::test
