// Products by active sets: C[r, :] = sum over the k with A[r, k] != 0 of A[r, k] B[k, :]. States of
// a Boltzmann machine are bits, mostly 0, and data are sparse. Adding only the rows of B that count
// is two to four times as fast as a dense product (docs/design-notes.md).
//
// Sums of a block run over rising k with one rounding per term, as in kernels/dense.hpp. A term
// with A[r, k] = 0 would not change the sum, so both families give the same bits.
#pragma once
#include "cpu/kernels/panel.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Stores the values and offsets of the lanes named by `bits`, like compress of the SIMD layer.
FORCE_INLINE unsigned compress(unsigned bits, F values, I offsets, float* valueOut, std::uint32_t* offsetOut) {
  compress(bits, (I)values, reinterpret_cast<std::uint32_t*>(valueOut));
  return compress(bits, offsets, offsetOut);
}

// Fills the list start ... end with `zero` up to a multiple of lists.multiple, and returns its new
// end. It may write behind the new end. `zero` is the offset of the row of zeros.
FORCE_INLINE std::uint32_t fillUp(const NonZeros& lists, std::uint32_t start, std::uint32_t end, std::uint32_t zero) {
  const auto multiple = static_cast<std::uint32_t>(lists.multiple);  // a power of 2
  for (std::uint32_t i = 0; i + 1 < multiple; i += lanes)
    storeAnywhere(reinterpret_cast<float*>(lists.offset + end + i), (F)set1i(static_cast<std::int32_t>(zero)));
  return start + ((end - start + multiple - 1) & ~(multiple - 1));
}

NonZeroFacts listRow(const float* row, std::size_t depth, std::size_t ldb, float, const NonZeros& lists, std::size_t rowIndex,
                     std::uint32_t* next) {
  std::uint32_t *start = lists.start + rowIndex * lists.blocks, *stop = lists.end + rowIndex * lists.blocks;
  const I laneOffset = iota() * set1i(static_cast<std::int32_t>(ldb));
  const F one = set1(1);
  std::size_t count = 0;
  unsigned other = 0;
  for (std::size_t first = 0; first < depth; first += lists.depth, ++start, ++stop, ++next) {
    std::uint32_t n = *start = *next;
    const std::size_t end = first + lists.depth < depth ? first + lists.depth : depth;
    for (std::size_t k = first; k < end; k += lanes) {
      const F x = load(row + k);
      const unsigned bits = nonZeroBits(x);
      other |= bits & nonZeroBits(x - one);
      n += compress(bits, x, laneOffset + set1i(static_cast<std::int32_t>((k - first) * ldb)), lists.value + n, lists.offset + n);
    }
    count += n - *start;
    *next = *stop = fillUp(lists, *start, n, static_cast<std::uint32_t>((lists.zeroPlace - first) * ldb));
  }
  return {count, other == 0};
}

// The entries of one row in the current block.
struct Entries {
  const std::uint32_t* offset;
  const float* value;
  std::size_t count;
};

FORCE_INLINE Entries entriesOf(const PanelBlock& p, std::size_t row) {
  const std::size_t list = row * p.lists.blocks + p.block, first = p.lists.start[list];
  return {p.lists.offset + first, p.lists.value + first, p.lists.end[list] - first};
}

template <int vectors, bool binary>
FORCE_INLINE void addEntry(const float* b, const Entries& entries, std::size_t i, F (&sum)[vectors]) {
  const float* place = b + entries.offset[i];
  const F x = binary ? F{} : set1(entries.value[i]);
#pragma GCC unroll 16
  for (int v = 0; v < vectors; ++v) sum[v] = binary ? sum[v] + load(place + v * lanes) : fma(x, load(place + v * lanes), sum[v]);
}

template <int vectors, bool binary>
FORCE_INLINE void oneRow(const PanelBlock& p, std::size_t row, std::size_t column) {
  const Entries entries = entriesOf(p, row);
  F sum[vectors]{};
  for (std::size_t i = 0; i < entries.count; ++i) addEntry<vectors, binary>(p.b + column, entries, i, sum);
  endSums<vectors>(p, row, column, sum);
}

// Alternates between two rows while both have entries. The sums of one row alone would wait for
// their previous additions.
template <int vectors, bool binary>
FORCE_INLINE void twoRows(const PanelBlock& p, std::size_t row, std::size_t column) {
  const float* b = p.b + column;
  const Entries upper = entriesOf(p, row), lower = entriesOf(p, row + 1);
  F upperSum[vectors]{}, lowerSum[vectors]{};
  const std::size_t both = upper.count < lower.count ? upper.count : lower.count;
  for (std::size_t i = 0; i < both; ++i) {
    addEntry<vectors, binary>(b, upper, i, upperSum);
    addEntry<vectors, binary>(b, lower, i, lowerSum);
  }
  for (std::size_t i = both; i < upper.count; ++i) addEntry<vectors, binary>(b, upper, i, upperSum);
  for (std::size_t i = both; i < lower.count; ++i) addEntry<vectors, binary>(b, lower, i, lowerSum);
  endSums<vectors>(p, row, column, upperSum);
  endSums<vectors>(p, row + 1, column, lowerSum);
}

template <bool binary>
struct ActiveStrip {
  template <int vectors>
  static FORCE_INLINE void strip(const PanelBlock& p, std::size_t column) {
    std::size_t row = p.firstRow;
    if constexpr (activePairs)
      for (; row + 2 <= p.lastRow; row += 2) twoRows<vectors, binary>(p, row, column);
    for (; row < p.lastRow; ++row) oneRow<vectors, binary>(p, row, column);
  }
};

void activeReal(const PanelBlock& p) { forStrips<panelVectors, ActiveStrip<false>>(p); }
void activeBinary(const PanelBlock& p) { forStrips<panelVectors, ActiveStrip<true>>(p); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
