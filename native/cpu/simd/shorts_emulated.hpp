// Whole numbers of 16 bits, two for each lane of floats, in plain C++: what simd/avx512.hpp has
// instructions for. It lets every machine test kernels/sampled_panel.hpp.
#pragma once
#include "cpu/simd/vector.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Whether deciding by 16 bits is faster.
constexpr bool quickDraws = false;

constexpr int shortLanes = 2 * lanes;

FORCE_INLINE I nearestWhole(F x) {
  I whole{};
  for (int i = 0; i < lanes; ++i) {
    const float magic = 12582912.0f;  // 1.5 * 2^23
    whole[i] = x[i] > 4e6f ? 4000000 : x[i] > -4e6f ? static_cast<std::int32_t>(x[i] + magic - magic) : INT32_MIN;
  }
  return whole;
}
FORCE_INLINE S packShorts(I a, I b) {
  S packed{};
  for (int i = 0; i < shortLanes; ++i) {
    const std::int32_t x = i < lanes ? a[i] : b[i - lanes];
    packed[i] = static_cast<std::int16_t>(x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x);
  }
  return packed;
}
FORCE_INLINE S multiplyRounded(S a, S b) {
  S product{};
  for (int i = 0; i < shortLanes; ++i) product[i] = static_cast<std::int16_t>((a[i] * b[i] + 0x4000) >> 15);
  return product;
}
FORCE_INLINE S lookUp(const std::int16_t* table, S places) {
  S found{};
  for (int i = 0; i < shortLanes; ++i) found[i] = table[places[i] & 31];
  return found;
}
FORCE_INLINE S topShorts(U first, U second) {
  S top{};
  for (int i = 0; i < half; ++i) {
    const std::uint64_t words[] = {first[i] >> 48, first[i] >> 16, second[i] >> 48, second[i] >> 16};
    // The order of blocks is that of evenPairs and oddPairs.
    const int block = i % 2 * (half / 2) + i / 2;
    for (int w = 0; w < 4; ++w) top[4 * block + w] = static_cast<std::int16_t>(words[w] & 0xffff);
  }
  return top;
}
FORCE_INLINE unsigned bitsAtMost(S a, S b) {
  unsigned bits = 0;
  for (int i = 0; i < shortLanes; ++i)
    bits |= static_cast<unsigned>(static_cast<std::uint16_t>(a[i]) <= static_cast<std::uint16_t>(b[i])) << i;
  return bits;
}
FORCE_INLINE unsigned inUnitOrder(unsigned bits) { return bits; }
FORCE_INLINE F onesOf(unsigned bits) {
  F ones{};
  for (int i = 0; i < lanes; ++i) ones[i] = static_cast<float>(bits >> i & 1);
  return ones;
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
