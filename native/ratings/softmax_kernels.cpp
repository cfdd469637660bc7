#include "ratings/softmax_kernels.hpp"

#include "ratings/kernel_choice.hpp"

namespace boltzkit::ratings {

std::vector<const SoftmaxKernels*> availableSoftmaxKernels() { return runnable<SoftmaxKernels>(BOLTZKIT_COMPILED(softmax)); }

const SoftmaxKernels& softmaxKernels() { return chosen(availableSoftmaxKernels()); }

}  // namespace boltzkit::ratings
