// Philox4x32-10 (core/philox.hpp) for lanes / 2 consecutive blocks at a time, each word in the lower half of a 64-bit lane: the
// 32 x 32 -> 64 product ignores the upper halves, so nothing needs to be masked between rounds.
#pragma once
#include "core/philox.hpp"
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

struct PhiloxWords {
  U w[4];
};

FORCE_INLINE PhiloxWords philoxRounds10(PhiloxWords c, const std::uint32_t* key) {
  const U m0 = U{} + philoxM0, m1 = U{} + philoxM1;
  std::uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
  for (int round = 0; round < philoxRounds; ++round) {
    const U p0 = multiplyLow(c.w[0], m0), p1 = multiplyLow(c.w[2], m1);
    c = {{(p1 >> 32) ^ c.w[1] ^ (U{} + k0), p1, (p0 >> 32) ^ c.w[3] ^ (U{} + k1), p0}};
    k0 += philoxW0;
    k1 += philoxW1;
  }
  return c;
}

// Blocks block ... block + half - 1 in the order of lanes that lets evenPairs give the first half of the units and oddPairs the rest.
FORCE_INLINE U blockNumbers(std::uint32_t block) {
  U v{};
  for (int i = 0; i < half; ++i) v[i] = static_cast<std::uint64_t>(i % 2 * (half / 2) + i / 2);
  return v + block;
}

struct TwoVectors {
  I first, second;
};

// The words of the 2 * lanes units from 4 * block on, in the order of the units.
FORCE_INLINE TwoVectors philoxUnits(std::uint32_t block, const std::uint32_t* counter, const std::uint32_t* key) {
  const PhiloxWords start{{blockNumbers(block), U{} + counter[0], U{} + counter[1], U{} + counter[2]}};
  const PhiloxWords end = philoxRounds10(start, key);
  const U low = U{} + 0xffffffffu;
  const U lower = (end.w[0] & low) | (end.w[1] << 32), upper = (end.w[2] & low) | (end.w[3] << 32);
  return {(I)evenPairs(lower, upper), (I)oddPairs(lower, upper)};
}

// The top 24 bits as a multiple of 2^-24 in [0, 1), as uniform<float> in core/random.hpp.
FORCE_INLINE F uniform24(I words) {
  const I top = (words >> 8) & set1i(0xffffff);
  return __builtin_convertvector(top, F) * set1(0x1p-24f);
}

void philox(std::uint32_t block, const std::uint32_t counter[3], const std::uint32_t key[2], std::size_t blocks, std::uint32_t* out) {
  for (std::size_t b = 0; b < blocks; b += half) {
    const TwoVectors words = philoxUnits(block + static_cast<std::uint32_t>(b), counter, key);
    std::uint32_t place[2 * lanes];
    __builtin_memcpy(place, &words, sizeof place);
    for (std::size_t i = 0; i < 2 * lanes && 4 * b + i < 4 * blocks; ++i) out[4 * b + i] = place[i];
  }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
