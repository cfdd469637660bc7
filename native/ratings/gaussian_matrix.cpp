#include "ratings/gaussian_matrix.hpp"

#include <cmath>

#include "core/error.hpp"

namespace boltzkit::ratings {
namespace {

using Matrix = std::vector<double>;

Matrix identity(std::size_t k) {
  Matrix one(k * k, 0.0);
  for (std::size_t i = 0; i < k; ++i) one[i * k + i] = 1;
  return one;
}

double offDiagonal(const Matrix& a, std::size_t k) {
  double sum = 0;
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = i + 1; j < k; ++j) sum += a[i * k + j] * a[i * k + j];
  return sum;
}

// One rotation of rows and columns p and q that makes a[p, q] zero. Golub & Van Loan, Matrix
// Computations, 4th edition, 8.5.2.
void rotate(Matrix& a, Matrix& vectors, std::size_t k, std::size_t p, std::size_t q) {
  const double off = a[p * k + q];
  if (off == 0) return;
  const double tau = (a[q * k + q] - a[p * k + p]) / (2 * off);
  const double t = (tau >= 0 ? 1 : -1) / (std::fabs(tau) + std::hypot(1, tau));
  const double c = 1 / std::hypot(1, t), s = t * c;
  for (std::size_t i = 0; i < k; ++i) {
    const double x = a[i * k + p], y = a[i * k + q];
    a[i * k + p] = c * x - s * y;
    a[i * k + q] = s * x + c * y;
  }
  for (std::size_t i = 0; i < k; ++i) {
    const double x = a[p * k + i], y = a[q * k + i];
    a[p * k + i] = c * x - s * y;
    a[q * k + i] = s * x + c * y;
  }
  for (std::size_t i = 0; i < k; ++i) {
    const double x = vectors[i * k + p], y = vectors[i * k + q];
    vectors[i * k + p] = c * x - s * y;
    vectors[i * k + q] = s * x + c * y;
  }
}

}  // namespace

Matrix choleskyLower(const Matrix& a, std::size_t k) {
  Matrix lower(k * k, 0.0);
  for (std::size_t j = 0; j < k; ++j)
    for (std::size_t i = j; i < k; ++i) {
      double sum = a[i * k + j];
      for (std::size_t m = 0; m < j; ++m) sum -= lower[i * k + m] * lower[j * k + m];
      if (i > j)
        lower[i * k + j] = sum / lower[j * k + j];
      else if (sum > 0 && std::isfinite(sum))
        lower[j * k + j] = std::sqrt(sum);
      else
        throw Error(ErrorCode::divergence, "a precision matrix of the sampler is not positive definite");
    }
  return lower;
}

void solvePlain(const Matrix& lower, std::size_t k, std::vector<double>& x) {
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < i; ++j) x[i] -= lower[i * k + j] * x[j];
    x[i] /= lower[i * k + i];
  }
}

void solveTransposed(const Matrix& lower, std::size_t k, std::vector<double>& x) {
  for (std::size_t i = k; i-- > 0;) {
    for (std::size_t j = i + 1; j < k; ++j) x[i] -= lower[j * k + i] * x[j];
    x[i] /= lower[i * k + i];
  }
}

Matrix inverse(const Matrix& a, std::size_t k) {
  const Matrix lower = choleskyLower(a, k);
  Matrix result(k * k);
  std::vector<double> column(k);
  for (std::size_t j = 0; j < k; ++j) {
    column.assign(k, 0.0);
    column[j] = 1;
    solvePlain(lower, k, column);
    solveTransposed(lower, k, column);
    for (std::size_t i = 0; i < k; ++i) result[i * k + j] = column[i];
  }
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < i; ++j) result[i * k + j] = result[j * k + i] = (result[i * k + j] + result[j * k + i]) / 2;
  return result;
}

// With a = L L^T and L^-1 b L^-T = Q diag(values) Q^T (Jacobi's method), T = L^-T Q.
Diagonalised diagonalise(const Matrix& a, const Matrix& b, std::size_t k) {
  const Matrix lower = choleskyLower(a, k);
  Matrix half(k * k), whole(k * k);
  std::vector<double> column(k);
  for (std::size_t j = 0; j < k; ++j) {  // half = L^-1 b
    for (std::size_t i = 0; i < k; ++i) column[i] = b[i * k + j];
    solvePlain(lower, k, column);
    for (std::size_t i = 0; i < k; ++i) half[i * k + j] = column[i];
  }
  for (std::size_t i = 0; i < k; ++i) {  // rows of half L^-T = (L^-1 half^T)^T
    for (std::size_t j = 0; j < k; ++j) column[j] = half[i * k + j];
    solvePlain(lower, k, column);
    for (std::size_t j = 0; j < k; ++j) whole[i * k + j] = column[j];
  }
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j < i; ++j) whole[i * k + j] = whole[j * k + i] = (whole[i * k + j] + whole[j * k + i]) / 2;
  Matrix vectors = identity(k);
  double scale = 0;
  for (const double each : whole) scale += each * each;
  for (int sweep = 0; sweep < 60 && offDiagonal(whole, k) > 1e-24 * scale; ++sweep)
    for (std::size_t p = 0; p < k; ++p)
      for (std::size_t q = p + 1; q < k; ++q) rotate(whole, vectors, k, p, q);
  Diagonalised found{Matrix(k * k), Matrix(k * k, 0.0), std::vector<double>(k)};
  for (std::size_t j = 0; j < k; ++j) {
    found.values[j] = whole[j * k + j] > 0 ? whole[j * k + j] : 0;
    for (std::size_t i = 0; i < k; ++i) column[i] = vectors[i * k + j];
    solveTransposed(lower, k, column);
    for (std::size_t i = 0; i < k; ++i) found.to[i * k + j] = column[i];
  }
  for (std::size_t i = 0; i < k; ++i)  // T^-1 = Q^T L^T
    for (std::size_t j = 0; j < k; ++j)
      for (std::size_t m = 0; m <= j; ++m) found.from[i * k + j] += vectors[m * k + i] * lower[j * k + m];
  return found;
}

}  // namespace boltzkit::ratings
