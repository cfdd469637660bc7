// The softmax rating machine's kernels for AArch64 NEON.
#define BOLTZKIT_ISA neon
#define BOLTZKIT_LANES 4
#include "cpu/simd/neon.hpp"

#include "ratings/softmax_loops.hpp"

namespace boltzkit::ratings {

constexpr SoftmaxKernels softmaxNeon = cpu::neon::softmaxTable("neon");

}  // namespace boltzkit::ratings
