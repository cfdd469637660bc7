// The Gaussian rating machine's kernels for avx2.
#define BOLTZKIT_ISA avx2
#define BOLTZKIT_LANES 8
#include "cpu/simd/avx2.hpp"

#include "ratings/gaussian_loops.hpp"

namespace boltzkit::ratings {

constexpr GaussianKernels gaussianAvx2 = cpu::avx2::gaussianTable("avx2");

}  // namespace boltzkit::ratings
