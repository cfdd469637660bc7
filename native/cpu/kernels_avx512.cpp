// The kernels for AVX-512 (F, BW, DQ, VL).
#define BOLTZKIT_ISA avx512
#define BOLTZKIT_LANES 16
#include "cpu/simd/avx512.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

// Costs measured with bench/kernels (AMD Zen 5): dense products win above 50 % real or 54 % binary places.
constexpr Kernels kernelsAvx512 = avx512::kernelTable("avx512", 2.0f, 1.85f, 1);

}  // namespace boltzkit::cpu
