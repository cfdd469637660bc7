// The kernels for AArch64 NEON.
#define BOLTZKIT_ISA neon
#define BOLTZKIT_LANES 4
#include "cpu/simd/neon.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

// Costs as for AVX2, not measured.
constexpr Kernels kernelsNeon = neon::kernelTable("neon", 1.35f, 1.25f, 1);

}  // namespace boltzkit::cpu
