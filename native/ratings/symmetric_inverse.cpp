#include "ratings/symmetric_inverse.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/interrupt.hpp"
#include "core/progress.hpp"

namespace boltzkit::ratings {
namespace {

// A pivot this much smaller than its diagonal element has lost all of its digits.
constexpr double leastPivot = 1e-13;

void transpose(const double* from, double* to) {
  for (std::size_t r = 0; r < tileSize; ++r)
    for (std::size_t c = 0; c < tileSize; ++c) to[c * tileSize + r] = from[r * tileSize + c];
}

// One tile: replaces it by its inverse. `diagonal`: what its diagonal was at first, [tileSize].
double invertTile(double* a, const double* diagonal, std::size_t first) {
  double logDeterminant = 0;
  for (std::size_t p = 0; p < tileSize; ++p) {
    double* pivotRow = a + p * tileSize;
    const double pivot = pivotRow[p];
    if (!(pivot > leastPivot * diagonal[p]))
      throw parameterError("the matrix must be positive definite, got a pivot of " + decimal(pivot) + " in row " +
                           std::to_string(first + p));
    logDeterminant += std::log(pivot);
    for (std::size_t c = 0; c < tileSize; ++c) pivotRow[c] /= pivot;
    pivotRow[p] = 1 / pivot;
    for (std::size_t r = 0; r < tileSize; ++r) {
      if (r == p) continue;
      double* row = a + r * tileSize;
      const double factor = row[p];
      row[p] = 0;
      for (std::size_t c = 0; c < tileSize; ++c) row[c] -= factor * pivotRow[c];
    }
  }
  return logDeterminant;
}

class Sweep {
 public:
  Sweep(TiledMatrix& matrix, const MatrixKernels& kernels, ThreadTeam& team)
      : matrix_(matrix), kernels_(kernels), team_(team), side_(matrix.side()), left_(side_), right_(side_), pivot_(2) {
    diagonal_.resize(side_ * tileSize);
    for (std::size_t i = 0; i < side_; ++i)
      for (std::size_t r = 0; r < tileSize; ++r) diagonal_[i * tileSize + r] = matrix.tile(i, i)[r * tileSize + r];
  }

  double run() {
    double logDeterminant = 0;
    for (std::size_t k = 0; k < side_; ++k) {
      Interruptible::poll();
      logDeterminant += invertPivot(k);
      team_.parallelFor(side_, [&](std::size_t i, unsigned) { preparePanels(i, k); });
      team_.parallelFor(TiledMatrix::count(matrix_.size()), [&](std::size_t t, unsigned) { update(t, k); });
      team_.parallelFor(side_, [&](std::size_t i, unsigned) { storePanel(i, k); });
      Progress::report(static_cast<double>(k + 1), static_cast<double>(side_));
    }
    return logDeterminant;
  }

 private:
  double* inverse() { return pivot_.tile(0); }
  double* minusInverse() { return pivot_.tile(1); }

  double invertPivot(std::size_t k) {
    std::copy_n(matrix_.tile(k, k), tileElements, inverse());
    const double logDeterminant = invertTile(inverse(), diagonal_.data() + k * tileSize, k * tileSize);
    for (std::size_t e = 0; e < tileElements; ++e) minusInverse()[e] = -inverse()[e];
    return logDeterminant;
  }

  // left_[i] = -A_ik D and right_[i] = A_ki.
  void preparePanels(std::size_t i, std::size_t k) {
    if (i == k) return;
    double *left = left_.tile(i), *right = right_.tile(i);
    std::fill_n(left, tileElements, 0.0);
    if (i > k) {
      kernels_.multiplyTiles(matrix_.tile(i, k), minusInverse(), left);
      transpose(matrix_.tile(i, k), right);
    } else {
      transpose(matrix_.tile(k, i), right);
      kernels_.multiplyTiles(right, minusInverse(), left);
      std::copy_n(matrix_.tile(k, i), tileElements, right);
    }
  }

  // Tile t, counted row by row.
  void update(std::size_t t, std::size_t k) {
    std::size_t i = static_cast<std::size_t>((std::sqrt(8.0 * static_cast<double>(t) + 1) - 1) / 2);
    while (i * (i + 1) / 2 > t) --i;
    while ((i + 1) * (i + 2) / 2 <= t) ++i;
    const std::size_t j = t - i * (i + 1) / 2;
    if (i != k && j != k) kernels_.multiplyTiles(left_.tile(i), right_.tile(j), matrix_.tile(i, j));
  }

  void storePanel(std::size_t i, std::size_t k) {
    if (i == k) {
      std::copy_n(minusInverse(), tileElements, matrix_.tile(k, k));
      return;
    }
    double *left = left_.tile(i), *to = i > k ? matrix_.tile(i, k) : matrix_.tile(k, i);
    for (std::size_t e = 0; e < tileElements; ++e) left[e] = -left[e];
    if (i > k)
      std::copy_n(left, tileElements, to);
    else
      transpose(left, to);
  }

  TiledMatrix& matrix_;
  const MatrixKernels& kernels_;
  ThreadTeam& team_;
  const std::size_t side_;
  Tiles left_, right_, pivot_;
  std::vector<double> diagonal_;
};

}  // namespace

double invertSymmetric(TiledMatrix& matrix, const MatrixKernels& kernels, ThreadTeam& team) { return Sweep(matrix, kernels, team).run(); }

}  // namespace boltzkit::ratings
