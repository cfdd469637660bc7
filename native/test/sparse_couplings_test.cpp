// Sparse couplings against the dense closed form where neighbours are all items, and against plain
// regressions on the strongest ones where they are not.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fixtures.hpp"
#include "ratings/gram.hpp"
#include "ratings/sparse_couplings.hpp"

namespace boltzkit::test {
namespace {

using ratings::RatedEntries;

struct Drawn {
  std::size_t users = 120, items = 40;
  RatedEntries entries{users, items};
  std::vector<float> weights;

  explicit Drawn(std::uint64_t seed) {
    Dice dice(seed);
    std::vector<std::uint32_t> user, item;
    for (std::uint32_t u = 0; u < users; ++u) {
      weights.push_back(static_cast<float>(0.5 + dice.uniform()));
      for (std::uint32_t i = 0; i < items; ++i)
        if (i % users == u || dice.uniform() < (u % 4 == i % 4 ? 0.5 : 0.3)) {
          user.push_back(u);
          item.push_back(i);
        }
    }
    entries.append(user, item, {});
    entries.finish();
  }
};

TEST_CASE("sparse couplings to all items are the dense ones") {
  const Drawn data(1);
  const std::size_t n = data.items;
  const std::vector<double> ridge(n, 2.5);
  ThreadTeam team(2), one(1);
  ratings::TiledMatrix gram = gramMatrix(data.entries, data.weights, team);
  std::vector<float> dense(n * n);
  std::vector<double> precisions(n);
  solveCouplings(gram, ridge, ratings::matrixPortable, team, dense, precisions);
  const ratings::SparseCouplings sparse = sparseCouplings(data.entries, data.weights, ridge, n, team);
  const ratings::SparseCouplings alone = sparseCouplings(data.entries, data.weights, ridge, n, one);
  CHECK(sparse.values == alone.values);
  CHECK(sparse.items == alone.items);
  std::vector<float> filled(n * n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = sparse.offsets[i]; k < sparse.offsets[i + 1]; ++k) filled[i * n + sparse.items[k]] = sparse.values[k];
  for (std::size_t e = 0; e < n * n; ++e) CHECK(std::fabs(filled[e] - dense[e]) < 1e-6f);
  for (std::size_t i = 0; i < n; ++i) CHECK(sparse.precisions[i] == doctest::Approx(precisions[i]).epsilon(1e-9));
}

TEST_CASE("sparse couplings keep the strongest neighbours, and scores add up their rows") {
  const Drawn data(2);
  const std::size_t n = data.items, neighbours = 7;
  const std::vector<double> ridge(n, 1.0);
  ThreadTeam team(1);
  const ratings::TiledMatrix gram = gramMatrix(data.entries, {}, team);
  const ratings::SparseCouplings sparse = sparseCouplings(data.entries, {}, ridge, neighbours, team);
  const auto g = [&](std::size_t a, std::size_t b) { return gram.at(std::max(a, b), std::min(a, b)); };
  std::vector<std::vector<double>> filled(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = sparse.offsets[i]; k < sparse.offsets[i + 1]; ++k) filled[i][sparse.items[k]] = sparse.values[k];
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < n; ++i)
      if (i != j) others.push_back(i);
    std::stable_sort(others.begin(), others.end(),
                     [&](std::size_t a, std::size_t b) { return g(a, j) / std::sqrt(g(a, a)) > g(b, j) / std::sqrt(g(b, b)); });
    others.resize(neighbours);
    // The normal equations hold: sum over k of (G_ik + ridge_i [i = k]) B_kj = G_ij.
    for (const std::size_t i : others) {
      double sum = ridge[i] * filled[i][j];
      for (const std::size_t k : others) sum += g(i, k) * filled[k][j];
      CHECK(sum == doctest::Approx(g(i, j)).epsilon(1e-5));
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) kept += filled[i][j] != 0;
    CHECK(kept == neighbours);
  }
  const std::vector<std::uint32_t> offsets{0, 0, 3}, items{1, 20, 39};
  const std::vector<float> values{1, 2, 0.5f};
  std::vector<float> out(2 * n);
  ratings::scoreSparse(sparse.offsets, sparse.items, sparse.values, {offsets, items, values}, n, team, out);
  for (std::size_t j = 0; j < n; ++j) {
    CHECK(out[j] == 0);
    CHECK(out[n + j] == doctest::Approx(filled[1][j] + 2 * filled[20][j] + 0.5 * filled[39][j]).epsilon(1e-5).scale(1));
  }
}

}  // namespace
}  // namespace boltzkit::test
