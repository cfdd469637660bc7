#include "ratings/matrix_kernels.hpp"

#include "ratings/kernel_choice.hpp"

namespace boltzkit::ratings {

std::vector<const MatrixKernels*> availableMatrixKernels() { return runnable<MatrixKernels>(BOLTZKIT_COMPILED(matrix)); }

const MatrixKernels& matrixKernels() { return chosen(availableMatrixKernels()); }

}  // namespace boltzkit::ratings
