// The logistic function in whole numbers of 16 bits. Most comparisons of a uniform number with a
// probability need no more of either. Those that do are made again in full (sampled_panel.hpp), so
// results do not depend on it.
//
// x counts units of 1 / quickUnits, limited to 16 bits, which is -8 ... 8. Within each of 32 equal
// parts, 2^16 p is a quadratic of s in [-1, 1), the place within the part.
#pragma once
#include <array>
#include <cstdint>

namespace boltzkit::cpu {

inline constexpr float quickUnits = 4096;
// No error of 2^16 p is larger, for any number that x stands for. The ends stand for all numbers
// beyond them: p(-8) is 22 / 2^16, so half of that at least.
inline constexpr int quickError = 12;

// most + s (slope + s curve) = 2^16 p + quickError - 1, without a sign: a uniform number of which
// the upper 16 bits are more is not below p. Parts are in the order of the upper 5 bits of x.
struct QuickLogistic {
  alignas(64) std::array<std::int16_t, 32> most, slope, curve;
};

// Quadratics through the Chebyshev nodes of each part with x >= 0, with the rounding of the last
// digits that makes the largest error least; p(-x) = 1 - p(x) has the others.
constexpr QuickLogistic quickLogistic = [] {
  constexpr std::array<int, 16> constants{36843, 44510, 50941, 55833, 59287, 61598, 63090, 64031,
                                          64614, 64973, 65194, 65328, 65410, 65459, 65490, 65519};
  constexpr std::array<int, 16> slopes{4018, 3561, 2835, 2070, 1419, 930, 593, 370, 229, 140, 86, 52, 32, 19, 12, 7};
  constexpr std::array<int, 16> curves{-62, -158, -196, -181, -142, -102, -69, -45, -27, -16, -11, -6, -4, -2, -2, -2};
  QuickLogistic q{};
  const auto wrapped = [](int x) { return static_cast<std::int16_t>(x >= 0x8000 ? x - 0x10000 : x); };
  for (std::size_t i = 0; i < 16; ++i) {
    q.most[i] = wrapped(constants[i] + quickError - 1);
    q.most[31 - i] = wrapped(0x10000 - constants[i] + quickError - 1);
    q.slope[i] = q.slope[31 - i] = static_cast<std::int16_t>(slopes[i]);
    q.curve[i] = static_cast<std::int16_t>(curves[i]);
    q.curve[31 - i] = static_cast<std::int16_t>(-curves[i]);
  }
  return q;
}();

}  // namespace boltzkit::cpu
