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

template <int vectors, bool binary>
FORCE_INLINE void activeRows(const PanelBlock& p, std::size_t column) {
  const float* b = p.b + column;
  for (std::size_t r = p.firstRow; r < p.lastRow; ++r) {
    const std::uint32_t* start = p.lists.start + r * p.lists.startStride + p.block;
    const std::uint32_t* offset = p.lists.offset + r * p.lists.stride;
    const float* value = p.lists.value + r * p.lists.stride;
    F sum[vectors];
    beginSums<vectors>(p, r, column, sum);
    for (std::uint32_t i = start[0], end = start[1]; i < end; ++i) {
      const float* place = b + offset[i];
      const F x = binary ? F{} : set1(value[i]);
#pragma GCC unroll 16
      for (int v = 0; v < vectors; ++v) sum[v] = binary ? sum[v] + load(place + v * lanes) : fma(x, load(place + v * lanes), sum[v]);
    }
    endSums<vectors>(p, r, column, sum);
  }
}

template <bool binary>
struct ActiveStrip {
  template <int vectors>
  static FORCE_INLINE void strip(const PanelBlock& p, std::size_t column) {
    activeRows<vectors, binary>(p, column);
  }
};

void activeReal(const PanelBlock& p) { forStrips<panelVectors, ActiveStrip<false>>(p); }
void activeBinary(const PanelBlock& p) { forStrips<panelVectors, ActiveStrip<true>>(p); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
