// The kernels for AArch64 NEON.
#define BOLTZKIT_ISA neon
#define BOLTZKIT_LANES 4
#include "cpu/simd/neon.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

// Costs as for AVX2, not measured.
constexpr auto families = neon::productFamilies({.real = 1.35f, .binary = 1.25f, .dense = 1});
constexpr Kernels kernelsNeon = neon::kernelTable("neon", families);

}  // namespace boltzkit::cpu
