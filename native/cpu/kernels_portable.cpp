// The kernels for the baseline of the target.
#define BOLTZKIT_ISA portable
#define BOLTZKIT_LANES 4
#include "cpu/simd/portable.hpp"

#include "cpu/kernels/table.hpp"

namespace boltzkit::cpu {

constexpr Kernels kernelsPortable = portable::kernelTable("portable", 1, 1, 1);

}  // namespace boltzkit::cpu
