// The Gaussian rating machine's kernels for the baseline of the target.
#define BOLTZKIT_ISA portable
#define BOLTZKIT_LANES 4
#include "cpu/simd/portable.hpp"

#include "ratings/gaussian_loops.hpp"

namespace boltzkit::ratings {

constexpr GaussianKernels gaussianPortable = cpu::portable::gaussianTable("portable");

}  // namespace boltzkit::ratings
