// The largest singular values of a coupling's weights by subspace iteration (Golub & Van Loan, Matrix Computations, 4th ed., section 8.2.4, on
// W W^T): products by the backend, orthogonalisation and the small eigenproblem (Jacobi's rotations) on the host in double precision. They
// say how many directions a machine has learned.
#pragma once
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

inline constexpr std::size_t subspace = 16, subspaceIterations = 8;

// At most `count` of them, falling. Converged to a relative (s_(subspace+1) / s_i)^(4 x iterations) and the weights' rounding.
std::vector<double> largestSingularValues(const Machine& machine, std::size_t coupling, std::size_t count);

}  // namespace boltzkit
