// The kernels for AVX-512 (F, BW, DQ, VL).
#define BOLTZKIT_ISA avx512
#define BOLTZKIT_LANES 16
#include "cpu/simd/avx512.hpp"

#if defined(BOLTZKIT_HAVE_AMX)
#include "cpu/simd/tiles_amx.hpp"
#endif

#include "cpu/kernels/table.hpp"
#if defined(BOLTZKIT_HAVE_AMX)
#include "cpu/kernels/tile_families.hpp"
#endif

namespace boltzkit::cpu {

// Costs measured with bench/kernels (AMD Zen 5): dense products win above 53 % real or 59 % binary
// places.
constexpr auto families = avx512::productFamilies({.real = 1.88f, .binary = 1.69f, .dense = 1});
constexpr Kernels kernelsAvx512 = avx512::kernelTable("avx512", families);

#if defined(BOLTZKIT_HAVE_AMX)
// The same kernels beside matrix tiles.
constexpr auto tileTwins = avx512::tileFamilies(36);
constexpr auto familiesWithTiles = avx512::withTiles(families, tileTwins);
constexpr Kernels kernelsAmx = avx512::kernelTable("amx", familiesWithTiles, avx512::packTileRows);
#endif

}  // namespace boltzkit::cpu
