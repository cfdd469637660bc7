// The kernels for the baseline of the target.
#define BOLTZKIT_ISA portable
#define BOLTZKIT_LANES 4
#include "cpu/simd/portable.hpp"

#include "cpu/simd/tiles_emulated.hpp"

#include "cpu/kernels/table.hpp"
#include "cpu/kernels/tile_families.hpp"

namespace boltzkit::cpu {

// Costs measured with bench/kernels (AMD Zen 5, SSE2): dense products win above 95 % real places
// only.
constexpr auto families = portable::productFamilies({.real = 1.05f, .binary = 0.9f, .dense = 1});
constexpr Kernels kernelsPortable = portable::kernelTable("portable", families);

// Tiles cost nothing here, so that plans choose them.
constexpr auto tileTwins = portable::tileFamilies(0);
constexpr auto familiesWithTiles = portable::withTiles(families, tileTwins);
constexpr Kernels kernelsEmulatedTiles = portable::kernelTable("emulated tiles", familiesWithTiles, portable::packTileRows);

}  // namespace boltzkit::cpu
