// The largest singular values of a coupling's weights. They show how many directions a machine has
// learned. Subspace iteration on W W^T (Golub & Van Loan, Matrix Computations, 4th ed., section
// 8.2.4). The backend computes the products; the host does orthogonalisation and the small
// eigenproblem (Jacobi rotations) in double precision.
#pragma once
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

inline constexpr std::size_t subspace = 16, subspaceIterations = 8;

// At most `count` values, in falling order. Relative error (s_(subspace+1) / s_i)^(4 x iterations),
// plus the rounding of the weights.
std::vector<double> largestSingularValues(const Machine& machine, std::size_t coupling, std::size_t count);

}  // namespace boltzkit
