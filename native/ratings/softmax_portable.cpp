// The softmax rating machine's kernels for the baseline of the target.
#define BOLTZKIT_ISA portable
#define BOLTZKIT_LANES 4
#include "cpu/simd/portable.hpp"

#include "ratings/softmax_loops.hpp"

namespace boltzkit::ratings {

constexpr SoftmaxKernels softmaxPortable = cpu::portable::softmaxTable("portable");

}  // namespace boltzkit::ratings
