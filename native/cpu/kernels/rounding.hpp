// Rows of weights as multiples of a unit, for the products of kernels/pairs.hpp and kernels/short_sums.hpp. A value x is rounded up with a probability of
// what lies behind its point (see dither in kernels.hpp): exact on average, whatever the values are, and whole multiples stay what they are.
#pragma once
#include "cpu/kernels/pairs.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

typedef std::uint32_t W __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));

float largestOf(const float* row, std::size_t n) {
  F most{};
  for (std::size_t j = 0; j < n; j += lanes) most = maxOf(most, absolute(load(row + j)));
  return largestLane(most);
}

// `lanes` values from column j on, times 2^ditherBits, what is behind the point still to be cut off.
FORCE_INLINE I dithered(RoundedRow row, std::size_t j, F scale) {
  if (!row.values) return I{};
  W x = (W)iota() * columnFactor + static_cast<std::uint32_t>(j) * columnFactor;
  x = (x ^ row.dither) * ditherFactor;
  x = (x ^ x >> 15) * lastFactor;
  return __builtin_convertvector(scale * load(row.values + j), I) + (I)(x >> (32 - ditherBits));
}

FORCE_INLINE F ditheredWords(I lower, I upper) {
  constexpr int shift = 16 - ditherBits;
  return (F)((lower >> ditherBits & set1i(0xffff)) | (upper << shift & set1i(static_cast<std::int32_t>(0xffff0000u))));
}

FORCE_INLINE F ditherScale(float scale) { return set1(scale * (1 << ditherBits)); }

void roundRows(RoundedRow first, RoundedRow second, std::size_t n, float scale, float* words) {
  const F by = ditherScale(scale);
  for (std::size_t j = 0; j < n; j += lanes) store(words + j, ditheredWords(dithered(first, j, by), dithered(second, j, by)));
}

void roundNeighbours(RoundedRow row, std::size_t n, float scale, float* words) {
  const F by = ditherScale(scale);
  const std::size_t padded = (n + lineFloats - 1) / lineFloats * lineFloats;
  for (std::size_t j = 0; j < padded; j += 2 * lanes) {
    const F x = (F)dithered(row, j, by), y = j + lanes < padded ? (F)dithered(row, j + lanes, by) : F{};
    store(words + j / 2, ditheredWords((I)evenLanes(x, y), (I)oddLanes(x, y)));
  }
}

// Two columns to a word, see kernels/short_sums.hpp.
void roundShorts(RoundedRow row, std::size_t n, float scale, float* words) {
  const F by = ditherScale(scale);
  for (std::size_t j = 0; j < n; j += 2 * lineFloats)
    for (std::size_t i = 0; i < lineFloats; i += lanes) {
      const I upper = j + lineFloats < n ? dithered(row, j + lineFloats + i, by) : I{};
      store(words + j / 2 + i, ditheredWords(dithered(row, j + i, by), upper));
    }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
