// The kernels for the baseline of the target.
#define BOLTZKIT_ISA portable
#define BOLTZKIT_LANES 4
#include "cpu/simd/portable.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

// Costs measured with bench/kernels (AMD Zen 5, SSE2).
constexpr Kernels kernelsPortable = portable::kernelTable("portable", 1.2f, 1.15f, 1);

}  // namespace boltzkit::cpu
