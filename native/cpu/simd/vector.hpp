// What all instruction sets share: vectors of BOLTZKIT_LANES floats as the compiler's vector types,
// so that + - * / and the bit operations are written once. A kernel file defines BOLTZKIT_ISA (the
// namespace) and BOLTZKIT_LANES, and includes one layer of this folder.
//
// Everything here and in kernels/ has internal linkage. Otherwise the linker could merge a function
// compiled with AVX-512 with its namesake from a baseline file, and the library would crash on
// older machines. For the same reason kernels use no std functions.
#pragma once
#include <cstddef>
#include <cstdint>

#define FORCE_INLINE inline __attribute__((always_inline, unused))

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

constexpr int lanes = BOLTZKIT_LANES, half = BOLTZKIT_LANES / 2;

// may_alias: a vector reads and writes plain float arrays.
typedef float F __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));
// A lane per float.
typedef std::int32_t I __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));
// Two lanes per float.
typedef std::int16_t S __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));
// Half as many lanes, for Philox.
typedef std::uint64_t U __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));
typedef double D __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));

FORCE_INLINE F load(const float* p) { return *reinterpret_cast<const F*>(p); }  // aligned
FORCE_INLINE F loadAnywhere(const float* p) {
  F v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
FORCE_INLINE void store(float* p, F v) { *reinterpret_cast<F*>(p) = v; }
FORCE_INLINE void storeAnywhere(float* p, F v) { __builtin_memcpy(p, &v, sizeof v); }
// Not F{} + x: that changes -0 to 0, so the compiler could not leave out the addition.
FORCE_INLINE F set1(float x) { return x - F{}; }
FORCE_INLINE I set1i(std::int32_t x) { return I{} + x; }
FORCE_INLINE S set1s(std::int16_t x) { return S{} + x; }
// Modulo 2^16.
typedef std::uint16_t UnsignedShorts __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));
FORCE_INLINE S wrappedSum(S a, S b) {
  return reinterpret_cast<S>(reinterpret_cast<UnsignedShorts>(a) + reinterpret_cast<UnsignedShorts>(b));
}
FORCE_INLINE S wrappedDifference(S a, S b) {
  return reinterpret_cast<S>(reinterpret_cast<UnsignedShorts>(a) - reinterpret_cast<UnsignedShorts>(b));
}

// 0, 1, 2, ...
FORCE_INLINE I iota() {
  I v{};
  for (int i = 0; i < lanes; ++i) v[i] = i;
  return v;
}

FORCE_INLINE F absolute(F x) { return (F)((I)x & set1i(0x7fffffff)); }
// -1, 0 or 1; 0 for NaN.
FORCE_INLINE F sign(F x) { return (F)(((I)x & set1i(INT32_MIN)) | ((I)set1(1) & (x != F{}) & (x == x))); }
// x in the lanes below n, 0 in the others.
FORCE_INLINE F firstLanes(F x, std::size_t n) { return (F)((I)x & (iota() < set1i(static_cast<std::int32_t>(n)))); }

// The largest lane of numbers that are not negative.
FORCE_INLINE float largestLane(F x) {
  float largest = 0;
  for (int i = 0; i < lanes; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

// Adds x to high + low: high becomes the rounded sum, low what rounding has left out so far (Knuth,
// TAOCP vol. 2, 4.2.2).
FORCE_INLINE void addExactly(F& high, F& low, F x) {
  const F sum = high + x, added = sum - high;
  low += (high - (sum - added)) + (x - added);
  high = sum;
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
