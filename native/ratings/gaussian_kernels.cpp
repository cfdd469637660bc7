#include "ratings/gaussian_kernels.hpp"

#include "ratings/kernel_choice.hpp"

namespace boltzkit::ratings {

std::vector<const GaussianKernels*> availableGaussianKernels() { return runnable<GaussianKernels>(BOLTZKIT_COMPILED(gaussian)); }

const GaussianKernels& gaussianKernels() { return chosen(availableGaussianKernels()); }

}  // namespace boltzkit::ratings
