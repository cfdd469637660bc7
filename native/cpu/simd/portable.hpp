// The SIMD layer on the compiler's own vectors: 4 floats to a vector, in whatever instructions the
// baseline offers. The baseline has no fused multiply-add, so fma is a product and a sum, rounded
// twice. Results differ from those of the other layers in the last bits.
#pragma once
#include "cpu/simd/shorts_emulated.hpp"
#include "cpu/simd/vector.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// 8 accumulators per panel; 4 x 2 in the dense kernel. The baseline of x86-64 has 16 registers.
constexpr int panelVectors = 8, denseRows = 4, denseVectors = 2;
// Two rows of 8 sums would leave no register.
constexpr bool activePairs = false;

typedef short Shorts __attribute__((vector_size(16)));

FORCE_INLINE F fma(F a, F b, F c) { return a * b + c; }
FORCE_INLINE F maxOf(F a, F b) { return a > b ? a : b; }
FORCE_INLINE F minOf(F a, F b) { return a < b ? a : b; }
FORCE_INLINE F squareRoot(F a) {
  for (int i = 0; i < lanes; ++i) a[i] = __builtin_sqrtf(a[i]);
  return a;
}
#if defined(__SSE2__)
FORCE_INLINE I multiplyPairs(I a, I b) { return (I)__builtin_ia32_pmaddwd128((Shorts)a, (Shorts)b); }
#else
FORCE_INLINE I multiplyPairs(I a, I b) { return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16); }
#endif
FORCE_INLINE F broadcast(const float* p) { return F{p[0], p[0], p[0], p[0]}; }
FORCE_INLINE F onesWhereLess(F a, F b) { return (F)((a < b) & (I)set1(1)); }
FORCE_INLINE unsigned nonZeroBits(F a) {
  unsigned bits = 0;
  for (int i = 0; i < lanes; ++i) bits |= static_cast<unsigned>(a[i] != 0) << i;
  return bits;
}
FORCE_INLINE unsigned bitsWhereLess(F a, F b, F& ones) {
  ones = onesWhereLess(a, b);
  return nonZeroBits(ones);
}
FORCE_INLINE U multiplyLow(U a, U b) { return (a & 0xffffffffu) * (b & 0xffffffffu); }
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
