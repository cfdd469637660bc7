// Cholesky's factor of a small symmetric positive definite matrix, and solutions by it, in plain loops.
#pragma once
#include <cmath>
#include <cstddef>

namespace boltzkit::ratings {

// a [n, n], row-major: the lower half is replaced by L with L L^T = A. False, with part of it replaced,
// unless A is positive definite. n^3 / 3 operations.
inline bool smallCholesky(double* a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    double* row = a + i * n;
    const double before = row[i];
    for (std::size_t j = 0; j <= i; ++j) {
      const double* other = a + j * n;
      double sums[4] = {row[j], 0, 0, 0};
      std::size_t k = 0;
      for (; k + 4 <= j; k += 4)
        for (std::size_t s = 0; s < 4; ++s) sums[s] -= row[k + s] * other[k + s];
      for (; k < j; ++k) sums[0] -= row[k] * other[k];
      const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      if (i != j) {
        row[j] = sum / other[j];
      } else {
        if (!(sum > 1e-13 * before)) return false;
        row[j] = std::sqrt(sum);
      }
    }
  }
  return true;
}

// x [n] becomes the solution of L L^T x = x.
inline void smallSolve(const double* l, std::size_t n, double* x) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= l[i * n + k] * x[k];
    x[i] /= l[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    x[i] /= l[i * n + i];
    for (std::size_t k = 0; k < i; ++k) x[k] -= l[i * n + k] * x[i];
  }
}

}  // namespace boltzkit::ratings
