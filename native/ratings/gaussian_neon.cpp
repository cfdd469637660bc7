// The Gaussian rating machine's kernels for neon.
#define BOLTZKIT_ISA neon
#define BOLTZKIT_LANES 4
#include "cpu/simd/neon.hpp"

#include "ratings/gaussian_loops.hpp"

namespace boltzkit::ratings {

constexpr GaussianKernels gaussianNeon = cpu::neon::gaussianTable("neon");

}  // namespace boltzkit::ratings
