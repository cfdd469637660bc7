// Products by active sets: C[r, :] = sum over the k with A[r, k] != 0 of A[r, k] B[k, :]. States of a Boltzmann machine are bits,
// mostly 0, and data are sparse, so adding the few rows of B that count beats a dense product two to four times (docs/design-notes.md).
//
// Sums run over rising k with one rounding per term, as in kernels/dense.hpp: a term with A[r, k] = 0 would not change the sum, so
// both families give the same bits and which one runs is a matter of speed alone.
#pragma once
#include "cpu/kernels/panel.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

RowScan listRow(const float* row, std::size_t depth, std::size_t ldb, const RowLists& lists, std::size_t rowIndex) {
  std::uint32_t* offset = lists.offset + rowIndex * lists.stride;
  float* value = lists.value + rowIndex * lists.stride;
  std::uint32_t* start = lists.start + rowIndex * lists.startStride;
  const I laneOffset = iota() * set1i(static_cast<std::int32_t>(ldb));
  const F one = set1(1);
  std::uint32_t n = 0;
  unsigned other = 0;
  for (std::size_t first = 0; first < depth; first += depthBlock) {
    *start++ = n;
    const std::size_t end = first + depthBlock < depth ? first + depthBlock : depth;
    for (std::size_t k = first; k < end; k += lanes) {
      const F x = load(row + k);
      const unsigned bits = nonZeroBits(x);
      other |= bits & nonZeroBits(x - one);
      n += compress(bits, x, laneOffset + set1i(static_cast<std::int32_t>((k - first) * ldb)), value + n, offset + n);
    }
  }
  *start = n;
  return {n, other == 0};
}

RowScan listColumns(const ColumnScan& s) {
  std::uint32_t count[listedColumns] = {}, column[listedColumns + lineFloats];
  float value[listedColumns + lineFloats];
  const RowLists& lists = s.lists;
  auto mark = [&](std::size_t block) {
    for (std::size_t c = 0; c < s.columns; ++c) lists.start[(s.firstList + c) * lists.startStride + block] = count[c];
  };
  const F one = set1(1);
  unsigned other = 0;
  for (std::size_t k = 0; k < s.depth; ++k) {
    if (k % depthBlock == 0) mark(k / depthBlock);
    const F weight = set1(s.weights ? s.weights[k] : 1);
    std::size_t n = 0;
    for (std::size_t c = 0; c < s.columns; c += lanes) {
      F x = load(s.a + k * s.lda + c) * weight;
      if (c + lanes > s.columns) x = firstLanes(x, s.columns - c);
      const unsigned bits = nonZeroBits(x);
      other |= bits & nonZeroBits(x - one);
      n += compress(bits, x, iota() + set1i(static_cast<std::int32_t>(c)), value + n, column + n);
    }
    const auto offset = static_cast<std::uint32_t>(k % depthBlock * s.ldb);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t place = (s.firstList + column[i]) * lists.stride + count[column[i]]++;
      lists.offset[place] = offset;
      lists.value[place] = value[i];
    }
  }
  mark((s.depth + depthBlock - 1) / depthBlock);
  std::size_t all = 0;
  for (std::size_t c = 0; c < s.columns; ++c) all += count[c];
  return {all, other == 0};
}

// The entries of one row that belong to the block at work.
struct Entries {
  const std::uint32_t* offset;
  const float* value;
  std::size_t count;
};

FORCE_INLINE Entries entriesOf(const PanelBlock& p, std::size_t row) {
  const std::uint32_t* start = p.lists.start + row * p.lists.startStride + p.block;
  const std::size_t first = row * p.lists.stride + start[0];
  return {p.lists.offset + first, p.lists.value + first, start[1] - start[0]};
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
  F sum[vectors];
  beginSums<vectors>(p, row, column, sum);
  for (std::size_t i = 0; i < entries.count; ++i) addEntry<vectors, binary>(p.b + column, entries, i, sum);
  endSums<vectors>(p, row, column, sum);
}

// Two rows in turns, as far as both have entries: four sums alone wait for their own last addition.
template <int vectors, bool binary>
FORCE_INLINE void twoRows(const PanelBlock& p, std::size_t row, std::size_t column) {
  const float* b = p.b + column;
  const Entries upper = entriesOf(p, row), lower = entriesOf(p, row + 1);
  F upperSum[vectors], lowerSum[vectors];
  beginSums<vectors>(p, row, column, upperSum);
  beginSums<vectors>(p, row + 1, column, lowerSum);
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
