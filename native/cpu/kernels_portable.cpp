// The kernels for the baseline of the target.
#define BOLTZKIT_ISA portable
#define BOLTZKIT_LANES 4
#include "cpu/simd/portable.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

// Costs measured with bench/kernels (AMD Zen 5, SSE2): dense products win above 95 % real places
// only.
constexpr auto families = portable::productFamilies({.real = 1.05f, .binary = 0.9f, .dense = 1});
constexpr Kernels kernelsPortable = portable::kernelTable("portable", families);

}  // namespace boltzkit::cpu
