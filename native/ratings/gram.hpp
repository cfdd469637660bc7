// The Gram matrix G = sum over users of w_u x_u x_u^T, in double precision, from sparse rows: row i of
// G takes the rows of the users who have item i. Sums run over users in rising order, so the bits do
// not depend on the number of threads; with whole values and weights of one every sum is exact.
#pragma once
#include <span>

#include "core/thread_team.hpp"
#include "ratings/rated_entries.hpp"
#include "ratings/tiled_matrix.hpp"

namespace boltzkit::ratings {

// weights [users], or empty for ones; users of weight 0 are left out. Reports progress, polls for
// interruption. Work: half the sum of squares of the users' numbers of entries.
TiledMatrix gramMatrix(const RatedEntries& entries, std::span<const float> weights, ThreadTeam& team);

}  // namespace boltzkit::ratings
