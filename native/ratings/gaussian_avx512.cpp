// The Gaussian rating machine's kernels for avx512.
#define BOLTZKIT_ISA avx512
#define BOLTZKIT_LANES 16
#include "cpu/simd/avx512.hpp"

#include "ratings/gaussian_loops.hpp"

namespace boltzkit::ratings {

constexpr GaussianKernels gaussianAvx512 = cpu::avx512::gaussianTable("avx512");

}  // namespace boltzkit::ratings
