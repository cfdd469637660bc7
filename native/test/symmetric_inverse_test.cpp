// The tiled inverse against Cholesky in plain loops, at sizes around the edges of tiles; Gram matrices
// against sums over all users; sums of rows against plain loops.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "fixtures.hpp"
#include "ratings/gram.hpp"
#include "ratings/symmetric_inverse.hpp"

namespace boltzkit::test {
namespace {

using ratings::MatrixKernels;
using ratings::RatedEntries;
using ratings::TiledMatrix;

using Rows = std::vector<std::vector<double>>;

// A^T A + ridge, of random A: positive definite, with the condition that interaction data have.
Rows positiveDefinite(std::size_t n, double ridge, std::uint64_t seed) {
  Dice dice(seed);
  const std::size_t users = n / 2 + 3;
  Rows factor(users, std::vector<double>(n)), matrix(n, std::vector<double>(n, 0));
  for (std::vector<double>& row : factor)
    for (double& value : row) value = dice.uniform() < 0.3 ? 1 + dice.uniform() : 0;
  for (const std::vector<double>& row : factor)
    for (std::size_t i = 0; i < n; ++i)
      if (row[i] != 0)
        for (std::size_t j = 0; j < n; ++j) matrix[i][j] += row[i] * row[j];
  for (std::size_t i = 0; i < n; ++i) matrix[i][i] += ridge;
  return matrix;
}

TiledMatrix tiled(const Rows& rows) {
  const std::size_t n = rows.size();
  TiledMatrix matrix(n);
  for (std::size_t i = 0; i < matrix.side(); ++i)
    for (std::size_t j = 0; j <= i; ++j)
      for (std::size_t e = 0; e < ratings::tileElements; ++e) {
        const std::size_t r = i * ratings::tileSize + e / ratings::tileSize, c = j * ratings::tileSize + e % ratings::tileSize;
        matrix.tile(i, j)[e] = r < n && c < n ? rows[r][c] : r == c ? 1 : 0;
      }
  return matrix;
}

// log |A| and the solutions of A X = I by Cholesky, column by column.
double choleskyInverse(const Rows& a, Rows& inverse) {
  const std::size_t n = a.size();
  Rows l(n, std::vector<double>(n, 0));
  double logDeterminant = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
      l[i][j] = i == j ? std::sqrt(sum) : sum / l[j][j];
      if (i == j) logDeterminant += std::log(sum);
    }
  inverse.assign(n, std::vector<double>(n));
  for (std::size_t c = 0; c < n; ++c) {
    std::vector<double> x(n, 0);
    x[c] = 1;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < i; ++k) x[i] -= l[i][k] * x[k];
      x[i] /= l[i][i];
    }
    for (std::size_t i = n; i-- > 0;) {
      for (std::size_t k = i + 1; k < n; ++k) x[i] -= l[k][i] * x[k];
      x[i] /= l[i][i];
    }
    for (std::size_t r = 0; r < n; ++r) inverse[r][c] = x[r];
  }
  return logDeterminant;
}

TEST_CASE("the tiled inverse is that of Cholesky, at sizes around the edges of tiles") {
  for (const std::size_t n : {1, 2, 95, 96, 97, 191, 192, 193, 300}) {
    if (sanitized && n > 193) continue;
    const Rows rows = positiveDefinite(n, 0.5, n);
    Rows expected;
    const double logDeterminant = choleskyInverse(rows, expected);
    for (const MatrixKernels* kernels : ratings::availableMatrixKernels()) {
      CAPTURE(n);
      CAPTURE(kernels->isa);
      ThreadTeam one(1), three(3);
      TiledMatrix alone = tiled(rows), shared = tiled(rows);
      CHECK(invertSymmetric(alone, *kernels, one) == doctest::Approx(logDeterminant).epsilon(1e-11));
      invertSymmetric(shared, *kernels, three);
      double error = 0, largest = 0;
      bool same = true;
      for (std::size_t r = 0; r < n; ++r)
        for (std::size_t c = 0; c <= r; ++c) {
          error = std::max(error, std::fabs(-alone.at(r, c) - expected[r][c]));
          largest = std::max(largest, std::fabs(expected[r][c]));
          same = same && alone.at(r, c) == shared.at(r, c);
        }
      CHECK(error <= 1e-10 * largest);
      CHECK(same);
    }
  }
}

TEST_CASE("a matrix that is not positive definite is refused") {
  Rows rows = positiveDefinite(130, 0.5, 4);
  for (std::size_t j = 0; j < 130; ++j) rows[120][j] = rows[j][120] = rows[7][j];
  rows[120][120] = rows[7][7];
  TiledMatrix matrix = tiled(rows);
  ThreadTeam team(1);
  CHECK_THROWS_AS(invertSymmetric(matrix, ratings::matrixPortable, team), Error);
}

TEST_CASE("the Gram matrix is the weighted sum over all users") {
  for (const bool ones : {true, false}) {
    const std::size_t users = 150, items = 200;
    RatedEntries entries(users, items);
    Rows dense(users, std::vector<double>(items, 0));
    Dice dice(ones ? 5 : 6);
    std::vector<std::uint32_t> user, item;
    std::vector<float> value;
    for (std::uint32_t u = 0; u < users; ++u)
      for (std::uint32_t i = 0; i < items; ++i) {
        if (dice.uniform() > 0.1) continue;
        user.push_back(u);
        item.push_back(i);
        value.push_back(ones ? 1.0f : static_cast<float>(1 + dice.below(5)));
        dense[u][i] = value.back();
      }
    entries.append(user, item, value);
    entries.finish();
    std::vector<float> weights(users);
    for (std::size_t u = 0; u < users; ++u) weights[u] = static_cast<float>(u % 4) / 4;
    ThreadTeam team(2);
    const TiledMatrix plain = gramMatrix(entries, {}, team), weighted = gramMatrix(entries, weights, team);
    bool exact = true;
    for (std::size_t i = 0; i < items; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = 0, weightedSum = 0;
        for (std::size_t u = 0; u < users; ++u) {
          sum += dense[u][i] * dense[u][j];
          weightedSum += static_cast<double>(weights[u]) * dense[u][i] * dense[u][j];
        }
        exact = exact && plain.at(i, j) == sum && weighted.at(i, j) == weightedSum;
      }
    CHECK(exact);
    CHECK(plain.tile(2, 2)[10 * ratings::tileSize + 10] == 1);
    CHECK(plain.tile(0, 0)[1] == plain.tile(0, 0)[ratings::tileSize]);
  }
}

TEST_CASE("sums of rows are those of plain loops, whatever the number of rows and columns") {
  const Values matrix = randomValues(20 * 70, 3, Kind::signedReal), scales = randomValues(20, 4, Kind::signedReal);
  const std::vector<float> rows(matrix.begin(), matrix.end());
  for (const MatrixKernels* kernels : ratings::availableMatrixKernels())
    for (const std::size_t columns : {1, 15, 16, 17, 70})
      for (std::size_t count = 0; count < 10; ++count) {
        std::vector<std::uint32_t> which;
        std::vector<float> values;
        for (std::size_t k = 0; k < count; ++k) {
          which.push_back(static_cast<std::uint32_t>(k * 7 % 20));
          values.push_back(static_cast<float>(scales[k]));
        }
        std::vector<float> out(columns, 0.5f);
        kernels->addRows(rows.data(), 70, which.data(), values.data(), count, out.data(), columns);
        for (std::size_t j = 0; j < columns; ++j) {
          double sum = 0.5;
          for (std::size_t k = 0; k < count; ++k) sum += scales[k] * matrix[which[k] * 70 + j];
          CHECK(out[j] == doctest::Approx(sum).epsilon(1e-5).scale(1));
        }
      }
}

}  // namespace
}  // namespace boltzkit::test
