#include "ratings/couplings.hpp"

#include <algorithm>
#include <vector>

#include "core/interrupt.hpp"
#include "core/progress.hpp"
#include "ratings/small_cholesky.hpp"
#include "ratings/symmetric_inverse.hpp"

namespace boltzkit::ratings {
namespace {

// Of the work of a solution, the part before the couplings are written out.
constexpr double inversionPart = 0.95;

// Calls body(row tile i, column tile j, element values) for all tiles of both halves, one tile row
// per call of a thread.
template <class Body>
void eachTileRow(const TiledMatrix& matrix, ThreadTeam& team, Body&& body) {
  team.parallelFor(matrix.side(), [&](std::size_t i, unsigned) {
    const std::size_t last = std::min(matrix.size(), (i + 1) * tileSize);
    for (std::size_t j = 0; j < matrix.side(); ++j) {
      const double* tile = i >= j ? matrix.tile(i, j) : matrix.tile(j, i);
      const std::size_t lastColumn = std::min(matrix.size(), (j + 1) * tileSize);
      for (std::size_t r = i * tileSize; r < last; ++r)
        for (std::size_t c = j * tileSize; c < lastColumn; ++c) {
          const std::size_t row = r % tileSize, column = c % tileSize;
          // On the diagonal tile the lower half counts, so that both halves are the same bits.
          const bool flipped = i < j || (i == j && row < column);
          body(r, c, tile[flipped ? column * tileSize + row : row * tileSize + column]);
        }
    }
  });
}

// Runs body(user, thread) over all users, some at a time, so that an interruption is noticed.
template <class Body>
void eachUser(std::size_t users, ThreadTeam& team, Body&& body) {
  const std::size_t group = 64 * static_cast<std::size_t>(team.threads());
  for (std::size_t done = 0; done < users; done += group) {
    Interruptible::poll();
    const std::size_t count = std::min(group, users - done);
    team.parallelFor(count, [&](std::size_t t, unsigned thread) { body(done + t, thread); });
    Progress::report(static_cast<double>(done + count), static_cast<double>(users));
  }
}

}  // namespace

void checkUserRows(const UserRows& rows, std::size_t items) {
  if (rows.offsets.empty() || rows.offsets.front() != 0 || rows.offsets.back() != rows.items.size() ||
      !std::is_sorted(rows.offsets.begin(), rows.offsets.end()))
    throw shapeError("`offsets` must rise from 0 to the number of entries (" + std::to_string(rows.items.size()) + ")");
  if (rows.values.size() != rows.items.size())
    throw shapeError("`values` must be as long as `items` (" + std::to_string(rows.items.size()) + "), got " +
                     std::to_string(rows.values.size()));
  for (std::size_t k = 0; k < rows.items.size(); ++k)
    if (rows.items[k] >= items)
      throw parameterError("`items` must be below " + std::to_string(items) + ", got " + std::to_string(rows.items[k]) + " in entry " +
                           std::to_string(k));
}

double solveCouplings(TiledMatrix& gram, std::span<const double> ridge, const MatrixKernels& kernels, ThreadTeam& team,
                      std::span<float> couplings, std::span<double> precisions) {
  const std::size_t n = gram.size();
  for (std::size_t i = 0; i < n; ++i) gram.at(i, i) += ridge[i];
  double logDeterminant = 0;
  {
    const Progress inversion(0, inversionPart);
    logDeterminant = invertSymmetric(gram, kernels, team);
  }
  for (std::size_t i = 0; i < n; ++i) precisions[i] = -gram.at(i, i);
  eachTileRow(gram, team, [&](std::size_t r, std::size_t c, double minusP) {
    couplings[r * n + c] = r == c ? 0.0f : static_cast<float>(minusP / precisions[c]);
  });
  return logDeterminant;
}

void fillCovariance(const TiledMatrix& gram, std::span<const double> ridge, ThreadTeam& team, std::span<float> covariance) {
  const std::size_t n = gram.size();
  eachTileRow(gram, team,
              [&](std::size_t r, std::size_t c, double g) { covariance[r * n + c] = static_cast<float>(r == c ? g + ridge[r] : g); });
}

void scoreRows(std::span<const float> matrix, std::size_t n, const UserRows& rows, const MatrixKernels& kernels, ThreadTeam& team,
               std::span<float> out) {
  eachUser(rows.users(), team, [&](std::size_t u, unsigned) {
    const std::size_t first = rows.offsets[u], count = rows.offsets[u + 1] - first;
    float* scores = out.data() + u * n;
    std::fill_n(scores, n, 0.0f);
    kernels.addRows(matrix.data(), n, rows.items.data() + first, rows.values.data() + first, count, scores, n);
  });
}

void conditionRows(std::span<const float> covariance, std::size_t n, const UserRows& rows, const MatrixKernels& kernels, ThreadTeam& team,
                   std::span<float> out) {
  eachUser(rows.users(), team, [&](std::size_t u, unsigned) {
    const std::size_t first = rows.offsets[u], count = rows.offsets[u + 1] - first;
    const std::uint32_t* seen = rows.items.data() + first;
    std::vector<double> block(count * count), solution(count);  // block [count, count], row-major
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t c = 0; c <= r; ++c) block[r * count + c] = covariance[seen[r] * n + seen[c]];
      solution[r] = rows.values[first + r];
    }
    if (!smallCholesky(block.data(), count))
      throw parameterError("the covariance of the entries of user " + std::to_string(u) +
                           " must be positive definite; an item stands there twice, or the regularisation is too small");
    smallSolve(block.data(), count, solution.data());
    const std::vector<float> weights(solution.begin(), solution.end());
    float* scores = out.data() + u * n;
    std::fill_n(scores, n, 0.0f);
    kernels.addRows(covariance.data(), n, seen, weights.data(), count, scores, n);
  });
}

}  // namespace boltzkit::ratings
