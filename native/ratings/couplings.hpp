// What the closed form gives, and scores by it. P = (G + diag(ridge))^-1 is the precision of a
// Gaussian machine whose states are the rows of users; its conditional means are
//   E[v_j | all others] = sum over i of v_i B_ij,   B_ij = -P_ij / P_jj,   B_jj = 0,
// the solution of EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019,
// equation 8) for ridge = lambda, and that of EDLAE (Steck, "Autoencoders that don't overfit towards
// the identity", NeurIPS 2020, section 3) with p / (1 - p) G_jj added to it.
#pragma once
#include <span>

#include "core/thread_team.hpp"
#include "ratings/tiled_matrix.hpp"

namespace boltzkit::ratings {

// Rows of users: those of user u are entries offsets[u] ... offsets[u + 1] - 1.
struct UserRows {
  std::span<const std::uint32_t> offsets;  // [users + 1]
  std::span<const std::uint32_t> items;    // below the number of items
  std::span<const float> values;           // [items.size()]

  std::size_t users() const { return offsets.size() - 1; }
};

// Throws ShapeError or ParameterError unless offsets rise from 0 to the number of entries and all
// items are below `items`.
void checkUserRows(const UserRows& rows, std::size_t items);

// Replaces G by minus P. couplings [n, n], row-major; precisions [n]: the diagonal of P. Returns
// log |G + diag(ridge)|. Throws ParameterError unless the sum is positive definite.
double solveCouplings(TiledMatrix& gram, std::span<const double> ridge, const MatrixKernels& kernels, ThreadTeam& team,
                      std::span<float> couplings, std::span<double> precisions);

// covariance [n, n]: G + diag(ridge), both halves.
void fillCovariance(const TiledMatrix& gram, std::span<const double> ridge, ThreadTeam& team, std::span<float> covariance);

// out [users, n] = rows B. matrix [n, n]. Every user is summed alone, so users do not change each
// other's scores.
void scoreRows(std::span<const float> matrix, std::size_t n, const UserRows& rows, const MatrixKernels& kernels, ThreadTeam& team,
               std::span<float> out);

// out [users, n]: the means of all items given the entries of a user alone, all other items summed
// out: C_.S (C_SS)^-1 v_S, of the covariance C [n, n], by Cholesky in double precision. Throws
// ParameterError where C_SS is not positive definite.
void conditionRows(std::span<const float> covariance, std::size_t n, const UserRows& rows, const MatrixKernels& kernels, ThreadTeam& team,
                   std::span<float> out);

}  // namespace boltzkit::ratings
