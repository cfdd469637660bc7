// The softmax rating machine's kernels for AVX-512.
#define BOLTZKIT_ISA avx512
#define BOLTZKIT_LANES 16
#include "cpu/simd/avx512.hpp"

#include "ratings/softmax_loops.hpp"

namespace boltzkit::ratings {

constexpr SoftmaxKernels softmaxAvx512 = cpu::avx512::softmaxTable("avx512");

}  // namespace boltzkit::ratings
