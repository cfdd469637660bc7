// The SIMD layer for AVX2 with FMA: 8 floats to a vector.
#pragma once
#include <immintrin.h>

#include "cpu/simd/shorts_emulated.hpp"
#include "cpu/simd/vector.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// See simd/avx512.hpp. 6 x 2 accumulators, 2 vectors of B and a broadcast fill 15 of the 16
// registers.
constexpr int panelVectors = 8, denseRows = 6, denseVectors = 2;
// Two rows of 8 sums would leave no register.
constexpr bool activePairs = false;

FORCE_INLINE F fma(F a, F b, F c) { return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
FORCE_INLINE F maxOf(F a, F b) { return (F)_mm256_max_ps((__m256)a, (__m256)b); }
FORCE_INLINE F minOf(F a, F b) { return (F)_mm256_min_ps((__m256)a, (__m256)b); }
FORCE_INLINE F squareRoot(F a) { return (F)_mm256_sqrt_ps((__m256)a); }
FORCE_INLINE I multiplyPairs(I a, I b) { return (I)_mm256_madd_epi16((__m256i)a, (__m256i)b); }
FORCE_INLINE F broadcast(const float* p) { return (F)_mm256_set1_ps(*p); }
FORCE_INLINE unsigned bitsWhereLess(F a, F b, F& ones) {
  const __m256 less = _mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LT_OQ);
  ones = (F)_mm256_and_ps(less, _mm256_set1_ps(1));
  return static_cast<unsigned>(_mm256_movemask_ps(less));
}
FORCE_INLINE F onesWhereLess(F a, F b) { return (F)_mm256_and_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LT_OQ), _mm256_set1_ps(1)); }
FORCE_INLINE unsigned nonZeroBits(F a) {
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, _mm256_setzero_ps(), _CMP_NEQ_UQ)));
}
FORCE_INLINE U multiplyLow(U a, U b) { return (U)_mm256_mul_epu32((__m256i)a, (__m256i)b); }
FORCE_INLINE U highHalves(U a) { return a >> 32; }
FORCE_INLINE U xor3(U a, U b, U c) { return a ^ b ^ c; }
FORCE_INLINE U evenPairs(U a, U b) { return (U)_mm256_unpacklo_epi64((__m256i)a, (__m256i)b); }
FORCE_INLINE U oddPairs(U a, U b) { return (U)_mm256_unpackhi_epi64((__m256i)a, (__m256i)b); }
FORCE_INLINE D lowDoubles(F a) { return (D)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)a)); }
FORCE_INLINE D highDoubles(F a) { return (D)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)a, 1)); }

FORCE_INLINE F gather(const float* from, const std::uint32_t* place) {
  return (F)_mm256_i32gather_ps(from, _mm256_load_si256(reinterpret_cast<const __m256i*>(place)), 4);
}

// For each 8-bit mask, the permutation that moves its lanes to the front, one byte per lane.
struct CompressTable {
  std::uint64_t lanes[256];
  constexpr CompressTable() : lanes() {
    for (unsigned mask = 0; mask < 256; ++mask)
      for (unsigned lane = 0, at = 0; lane < 8; ++lane)
        if (mask >> lane & 1) lanes[mask] |= static_cast<std::uint64_t>(lane) << (8 * at++);
  }
};
constexpr CompressTable compressTable;

FORCE_INLINE unsigned compress(unsigned bits, I lanesOf, std::uint32_t* out) {
  const __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(compressTable.lanes[bits])));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_permutevar8x32_epi32((__m256i)lanesOf, order));
  return static_cast<unsigned>(__builtin_popcount(bits));
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
