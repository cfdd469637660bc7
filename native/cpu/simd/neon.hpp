// The SIMD layer for AArch64 NEON: 4 floats to a vector.
#pragma once
#include <arm_neon.h>

#include "cpu/simd/shorts_emulated.hpp"
#include "cpu/simd/vector.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// See simd/avx512.hpp. 6 x 4 accumulators, 4 vectors of B and a broadcast fill 29 of the 32
// registers.
constexpr int panelVectors = 16, denseRows = 6, denseVectors = 4;
// One row has 16 sums, enough to hide the latency of an addition.
constexpr bool activePairs = false;

FORCE_INLINE F fma(F a, F b, F c) { return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
// If either argument is NaN, so is the result.
FORCE_INLINE F maxOf(F a, F b) { return (F)vmaxq_f32((float32x4_t)a, (float32x4_t)b); }
FORCE_INLINE F minOf(F a, F b) { return (F)vminq_f32((float32x4_t)a, (float32x4_t)b); }
FORCE_INLINE F squareRoot(F a) { return (F)vsqrtq_f32((float32x4_t)a); }
FORCE_INLINE I multiplyPairs(I a, I b) {
  const int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
  return (I)vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}
FORCE_INLINE F broadcast(const float* p) { return (F)vdupq_n_f32(*p); }
FORCE_INLINE F onesWhereLess(F a, F b) { return (F)((a < b) & (I)set1(1)); }
FORCE_INLINE unsigned nonZeroBits(F a) {
  const I bit = {1, 2, 4, 8};
  return vaddvq_u32((uint32x4_t)((a != set1(0)) & bit));
}
FORCE_INLINE unsigned bitsWhereLess(F a, F b, F& ones) {
  ones = onesWhereLess(a, b);
  return nonZeroBits(ones);
}
FORCE_INLINE U multiplyLow(U a, U b) { return (U)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b)); }
FORCE_INLINE U highHalves(U a) { return a >> 32; }
FORCE_INLINE U xor3(U a, U b, U c) { return a ^ b ^ c; }
FORCE_INLINE U evenPairs(U a, U b) { return U{a[0], b[0]}; }
FORCE_INLINE U oddPairs(U a, U b) { return U{a[1], b[1]}; }
FORCE_INLINE D lowDoubles(F a) { return D{a[0], a[1]}; }
FORCE_INLINE D highDoubles(F a) { return D{a[2], a[3]}; }

FORCE_INLINE F gather(const float* from, const std::uint32_t* place) {
  return F{from[place[0]], from[place[1]], from[place[2]], from[place[3]]};
}

FORCE_INLINE unsigned compress(unsigned bits, I lanesOf, std::uint32_t* out) {
  unsigned n = 0;
  for (int i = 0; i < lanes; ++i) {  // without a branch: always written, kept if the bit is set
    out[n] = static_cast<std::uint32_t>(lanesOf[i]);
    n += bits >> i & 1;
  }
  return n;
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
