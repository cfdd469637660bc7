// The kernels for AVX2 with FMA.
#define BOLTZKIT_ISA avx2
#define BOLTZKIT_LANES 8
#include "cpu/simd/avx2.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

// Costs measured with bench/kernels (AMD Zen 5): dense products win above 74 % real or 80 % binary
// places.
constexpr auto families = avx2::productFamilies({.real = 1.35f, .binary = 1.25f, .dense = 1});
constexpr Kernels kernelsAvx2 = avx2::kernelTable("avx2", families);

}  // namespace boltzkit::cpu
