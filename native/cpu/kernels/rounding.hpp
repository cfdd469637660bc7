// Rows of weights as multiples of a unit, for the products of kernels/pairs.hpp and
// kernels/short_sums.hpp. The dither (kernels/dither.hpp) rounds a value up with the probability of
// its fraction. So rounding is exact on average for all values, and leaves whole multiples
// unchanged. It makes words of two rows; the other layouts are made from those words.
#pragma once
#include "cpu/kernels/dither.hpp"
#include "cpu/kernels/pairs.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

typedef std::uint32_t W __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));

float largestOf(const float* row, std::size_t n) {
  F most{};
  for (std::size_t j = 0; j < n; j += lanes) most = maxOf(most, absolute(load(row + j)));
  return largestLane(most);
}

FORCE_INLINE W entriesAt(const DitherTable& table, std::size_t column) {
  return *reinterpret_cast<const W*>(&table.entries[column % ditherPeriod]);
}

// One period of a row, divided by the unit, dithered, and scaled by 2^ditherBits. The caller cuts
// off the fraction.
class DitheredRow {
 public:
  FORCE_INLINE DitheredRow(RoundedRow row, std::size_t column, float scale)
      : values_(row.values), start_(row.number, column), mask_(W{} + start_.mask), scale_(set1(scale * (1 << ditherBits))) {}

  FORCE_INLINE I at(std::size_t j) const {
    const W added = entriesAt(firstDither, j + start_.first) ^ entriesAt(secondDither, j + start_.second) ^ mask_;
    return __builtin_convertvector(scale_ * load(values_ + j), I) + (I)added;
  }

 private:
  const float* values_;
  RowDither start_;
  W mask_;
  F scale_;
};

FORCE_INLINE I lowerHalves(I lower) { return lower & set1i(0xffff); }
FORCE_INLINE I upperHalves(I upper) { return upper & set1i(static_cast<std::int32_t>(0xffff0000u)); }

void roundRows(RoundedRow first, RoundedRow second, std::size_t n, float scale, float* words) {
  const std::size_t padded = (n + lineFloats - 1) / lineFloats * lineFloats;
  for (std::size_t from = 0; from < padded; from += ditherPeriod) {
    const std::size_t to = padded - from < ditherPeriod ? padded : from + ditherPeriod;
    const DitheredRow lower(first, from, scale), upper(second.values ? second : first, from, scale);
    const I kept = second.values ? upperHalves(set1i(-1)) : I{};
    for (std::size_t j = from; j < to; j += lanes)
      store(words + j, (F)(lowerHalves(lower.at(j) >> ditherBits) | ((upper.at(j) << (16 - ditherBits)) & kept)));
  }
}

// Words of the lower halves and of the upper halves of two vectors of words; x gives the lower
// halves.
FORCE_INLINE F lowerWords(F x, F y) { return (F)(lowerHalves((I)x) | (I)y << 16); }
FORCE_INLINE F upperWords(F x, F y) { return (F)((I)((W)x >> 16) | upperHalves((I)y)); }

void neighbourWords(const float* words, std::size_t n, float* first, float* second) {
  const std::size_t padded = (n + lineFloats - 1) / lineFloats * lineFloats;
  for (std::size_t j = 0; j < padded; j += 2 * lanes) {
    const F x = load(words + j), y = j + lanes < padded ? load(words + j + lanes) : F{};
    const F even = evenLanes(x, y), odd = oddLanes(x, y);
    store(first + j / 2, lowerWords(even, odd));
    store(second + j / 2, upperWords(even, odd));
  }
}

void lineWords(const float* words, std::size_t n, float* first, float* second) {
  for (std::size_t j = 0; j < n; j += 2 * lineFloats)
    for (std::size_t i = j; i < j + lineFloats; i += lanes) {
      const F x = load(words + i), y = j + lineFloats < n ? load(words + i + lineFloats) : F{};
      store(first + i - j / 2, lowerWords(x, y));
      if (second) store(second + i - j / 2, upperWords(x, y));
    }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
