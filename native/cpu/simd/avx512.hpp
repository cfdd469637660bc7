// The SIMD layer for AVX-512 (F, BW, DQ, VL): 16 floats to a vector.
#pragma once
#if !defined(__clang__)
// g++ 12 warns of its own _mm512_undefined_epi32 (bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include "cpu/simd/vector.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// panelVectors: columns of C that one panel keeps in registers, in vectors. denseRows and
// denseVectors: the dense kernel's register block. 6 x 4 accumulators, 4 vectors of B and a
// broadcast fill 29 of the 32 registers.
constexpr int panelVectors = 4, denseRows = 6, denseVectors = 4;
// The active-set kernels take two rows at a time: 2 x 4 sums.
constexpr bool activePairs = true;

FORCE_INLINE F fma(F a, F b, F c) { return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
// If an argument is NaN, the second argument is returned, as in every x86 variant of the layer.
FORCE_INLINE F maxOf(F a, F b) { return (F)_mm512_max_ps((__m512)a, (__m512)b); }
FORCE_INLINE F minOf(F a, F b) { return (F)_mm512_min_ps((__m512)a, (__m512)b); }
FORCE_INLINE F squareRoot(F a) { return (F)_mm512_sqrt_ps((__m512)a); }
// a.low b.low + a.high b.high of the signed 16-bit halves of each lane.
FORCE_INLINE I multiplyPairs(I a, I b) { return (I)_mm512_madd_epi16((__m512i)a, (__m512i)b); }
// The 32 bits at p in all lanes, whatever they mean.
FORCE_INLINE F broadcast(const float* p) { return (F)_mm512_set1_ps(*p); }
FORCE_INLINE F onesWhereLess(F a, F b) {
  return (F)_mm512_maskz_mov_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ), _mm512_set1_ps(1));
}
// The same, and the lanes as bits.
FORCE_INLINE unsigned bitsWhereLess(F a, F b, F& ones) {
  const __mmask16 bits = _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
  ones = (F)_mm512_maskz_mov_ps(bits, _mm512_set1_ps(1));
  return bits;
}
FORCE_INLINE unsigned nonZeroBits(F a) { return _mm512_cmp_ps_mask((__m512)a, _mm512_setzero_ps(), _CMP_NEQ_UQ); }
FORCE_INLINE U multiplyLow(U a, U b) { return (U)_mm512_mul_epu32((__m512i)a, (__m512i)b); }
FORCE_INLINE U xor3(U a, U b, U c) { return (U)_mm512_ternarylogic_epi64((__m512i)a, (__m512i)b, (__m512i)c, 0x96); }
// The upper half of each lane, in the lower one. Not a shift: only one port of Intel's shifts, and
// it is the one that multiplies.
FORCE_INLINE U highHalves(U a) { return (U)_mm512_shuffle_epi32((__m512i)a, _MM_PERM_DDBB); }
// Interleaves the 64-bit lanes of a and b pairwise within each 128 bits: [a0 b0 a2 b2 ...] or
// [a1 b1 a3 b3 ...].
FORCE_INLINE U evenPairs(U a, U b) { return (U)_mm512_unpacklo_epi64((__m512i)a, (__m512i)b); }
FORCE_INLINE U oddPairs(U a, U b) { return (U)_mm512_unpackhi_epi64((__m512i)a, (__m512i)b); }

// Whole numbers of 16 bits, two to a lane, for kernels/sampled_panel.hpp. Their order within a
// vector is that of packShorts.
constexpr bool quickDraws = true;
// Beyond the numbers of 32 bits, and for NaN: the least one.
FORCE_INLINE I nearestWhole(F x) { return (I)_mm512_cvtps_epi32((__m512)x); }
// Limited to 16 bits. Each 128 bits hold four numbers of a, and four of b.
FORCE_INLINE S packShorts(I a, I b) { return (S)_mm512_packs_epi32((__m512i)a, (__m512i)b); }
// a b / 2^15.
FORCE_INLINE S multiplyRounded(S a, S b) { return (S)_mm512_mulhrs_epi16((__m512i)a, (__m512i)b); }
// By the lowest 5 bits.
FORCE_INLINE S lookUp(const std::int16_t* table, S places) {
  return (S)_mm512_permutexvar_epi16((__m512i)places, _mm512_load_si512(table));
}
// The upper 16 bits of the words of kernels/philox.hpp's PhiloxPairs.
FORCE_INLINE S topShorts(U first, U second) {
  const __m512i firstTwo = _mm512_set4_epi32(-1, 0x0b0a0f0e, -1, 0x03020706), lastTwo = _mm512_set4_epi32(0x0b0a0f0e, -1, 0x03020706, -1);
  const __m512i top = _mm512_shuffle_epi8((__m512i)first, firstTwo);
  return (S)_mm512_mask_shuffle_epi8(top, 0xf0f0f0f0f0f0f0f0u, (__m512i)second, lastTwo);
}
// Where a <= b, as numbers without a sign.
FORCE_INLINE unsigned bitsAtMost(S a, S b) { return _mm512_cmple_epu16_mask((__m512i)a, (__m512i)b); }
FORCE_INLINE unsigned inUnitOrder(unsigned bits) { return _pext_u32(bits, 0x0f0f0f0f) | _pext_u32(bits, 0xf0f0f0f0) << 16; }
FORCE_INLINE F onesOf(unsigned bits) { return (F)_mm512_maskz_mov_ps(static_cast<__mmask16>(bits), _mm512_set1_ps(1)); }

FORCE_INLINE D lowDoubles(F a) { return (D)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)a)); }
FORCE_INLINE D highDoubles(F a) { return (D)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)a, 1)); }

// Lane i of the result is from[place[i]].
FORCE_INLINE F gather(const float* from, const std::uint32_t* place) { return (F)_mm512_i32gather_ps(_mm512_load_si512(place), from, 4); }

// Writes the lanes named by `bits` one after the other and returns their number. A whole vector may
// be written.
FORCE_INLINE unsigned compress(unsigned bits, I lanesOf, std::uint32_t* out) {
  _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(static_cast<__mmask16>(bits), (__m512i)lanesOf));
  return static_cast<unsigned>(__builtin_popcount(bits));
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
