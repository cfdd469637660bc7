// The inverse of a symmetric positive definite matrix, in place and by tiles:
//   for each pivot block k:  A_ij -= A_ik D A_kj,  A_ik = A_ik D,  A_kk = -D,  D = inverse of A_kk,
// after which A holds minus its inverse: the sweep operator (Goodnight, "A tutorial on the SWEEP
// operator", The American Statistician 33, 1979), with blocks in place of single pivots. Its pivots
// are those of Cholesky's L D L^T, so they are positive exactly if the matrix is positive definite,
// and their logarithms add up to log |A|. n^3 operations in all, like factor, inverse and product,
// but every step is one product over the whole matrix, which all threads share evenly.
#pragma once
#include "core/thread_team.hpp"
#include "ratings/tiled_matrix.hpp"

namespace boltzkit::ratings {

// Replaces the matrix by minus its inverse and returns log |A|. Same bits on any number of threads.
// Reports progress, polls for interruption. Throws ParameterError, the matrix then being spoilt,
// unless it is positive definite by a margin that doubles can tell.
double invertSymmetric(TiledMatrix& matrix, const MatrixKernels& kernels, ThreadTeam& team);

}  // namespace boltzkit::ratings
