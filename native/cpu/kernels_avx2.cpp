// The kernels for AVX2 with FMA.
#define BOLTZKIT_ISA avx2
#define BOLTZKIT_LANES 8
#include "cpu/simd/avx2.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

constexpr Kernels kernelsAvx2 = avx2::kernelTable("avx2", 1, 1, 1);

}  // namespace boltzkit::cpu
