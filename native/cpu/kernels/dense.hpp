// Dense products: denseRows x denseVectors sums stay in registers. Each place k needs denseRows
// broadcasts of A and denseVectors loads of B. The block of B stays in the first-level cache
// without packing, because wide rows have strides of an odd number of lines (cpu/tensor.hpp).
#pragma once
#include "cpu/kernels/panel.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Fetches what the caller reads once the sums are complete. Memory is idle meanwhile.
template <int rows, int vectors>
FORCE_INLINE void fetchUpcoming(const PanelBlock& p, std::size_t row, std::size_t column) {
  for (const float* soon : p.upcoming.first)
    if (soon)
      for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v)
          __builtin_prefetch(soon + (row - p.firstRow + static_cast<std::size_t>(r)) * p.upcoming.stride + column + v * lanes, 0, 2);
}

template <int rows, int vectors>
FORCE_INLINE void denseRowBlock(const PanelBlock& p, std::size_t row, std::size_t column) {
  fetchUpcoming<rows, vectors>(p, row, column);
  F sum[rows][vectors]{};
  const float* a = p.a + row * p.lda;
  const float* b = p.b + column;
  for (std::size_t k = 0; k < p.depth; ++k, b += p.ldb) {
    F line[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) line[v] = load(b + v * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const F x = set1(a[r * p.lda + k]);
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sum[r][v] = fma(x, line[v], sum[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) endSums<vectors>(p, row + r, column, sum[r]);
}

// The last rows, fewer than in a full block.
template <int rows, int vectors>
FORCE_INLINE void denseRest(const PanelBlock& p, std::size_t row, std::size_t column) {
  if (p.lastRow - row == rows)
    denseRowBlock<rows, vectors>(p, row, column);
  else if constexpr (rows > 1)
    denseRest<rows - 1, vectors>(p, row, column);
}

struct DenseStrip {
  template <int vectors>
  static FORCE_INLINE void strip(const PanelBlock& p, std::size_t column) {
    std::size_t r = p.firstRow;
    for (; r + denseRows <= p.lastRow; r += denseRows) denseRowBlock<denseRows, vectors>(p, r, column);
    denseRest<denseRows - 1, vectors>(p, r, column);
  }
};

void dense(const PanelBlock& p) { forStrips<denseVectors, DenseStrip>(p); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
