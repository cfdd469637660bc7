// The softmax rating machine's kernels for AVX2 with FMA.
#define BOLTZKIT_ISA avx2
#define BOLTZKIT_LANES 8
#include "cpu/simd/avx2.hpp"

#include "ratings/softmax_loops.hpp"

namespace boltzkit::ratings {

constexpr SoftmaxKernels softmaxAvx2 = cpu::avx2::softmaxTable("avx2");

}  // namespace boltzkit::ratings
