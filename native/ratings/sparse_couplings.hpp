// Couplings between each item and its strongest neighbours alone, for more items than a dense matrix
// has room for. Of item j: the K items N whose cosine G_ij / sqrt(G_ii G_jj) is largest; then
//   B_Nj = (G_NN + diag(ridge_N))^-1 G_Nj,   1 / P_jj = G_jj + ridge_j - G_jN B_Nj,
// which is what EASE gives where N and j are all items there are (Steck, "Markov random fields for
// collaborative filtering", NeurIPS 2019, section 3, solves blocks of a sparsity pattern likewise; here
// each item has a block of its own, so the precision matrix is not symmetric and is no machine's).
#pragma once
#include <span>
#include <vector>

#include "core/thread_team.hpp"
#include "ratings/couplings.hpp"
#include "ratings/rated_entries.hpp"

namespace boltzkit::ratings {

// Rows of couplings: those of item i with the items they raise are entries offsets[i] ...
// offsets[i + 1] - 1.
struct SparseCouplings {
  std::vector<std::uint32_t> offsets;  // [items + 1]
  std::vector<std::uint32_t> items;    // rising within a row
  std::vector<float> values;
  std::vector<double> precisions;  // [items]
};

// G_ii = sum over users of w_u x_ui^2; weights [users], or empty for ones.
std::vector<double> gramDiagonal(const RatedEntries& entries, std::span<const float> weights);

// ridge [items], above 0. About items (K^3 / 3 + K entries of its neighbours) operations. Same bits on
// any number of threads. Reports progress, polls for interruption.
SparseCouplings sparseCouplings(const RatedEntries& entries, std::span<const float> weights, std::span<const double> ridge,
                                std::size_t neighbours, ThreadTeam& team);

// out [users, items] = rows B.
void scoreSparse(std::span<const std::uint32_t> offsets, std::span<const std::uint32_t> items, std::span<const float> values,
                 const UserRows& rows, std::size_t count, ThreadTeam& team, std::span<float> out);

}  // namespace boltzkit::ratings
