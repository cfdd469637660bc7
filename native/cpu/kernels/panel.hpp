// What the product kernels share: how sums start, are kept between blocks of k and end in C, and how a panel is cut into strips of
// whole vectors.
#pragma once
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

FORCE_INLINE float* sumsOf(const PanelBlock& p, std::size_t row, std::size_t column) {
  return p.sums + (row - p.firstRow) * panelColumns + column;
}

template <int vectors>
FORCE_INLINE void beginSums(const PanelBlock& p, std::size_t row, std::size_t column, F (&sum)[vectors]) {
#pragma GCC unroll 16
  for (int v = 0; v < vectors; ++v) sum[v] = F{};
  if (p.first) return;
  const float* from = sumsOf(p, row, column);
#pragma GCC unroll 16
  for (int v = 0; v < vectors; ++v) sum[v] = load(from + v * lanes);
}

template <int vectors>
FORCE_INLINE void endSums(const PanelBlock& p, std::size_t row, std::size_t column, const F (&sum)[vectors]) {
  if (!p.last) {
    float* to = sumsOf(p, row, column);
#pragma GCC unroll 16
    for (int v = 0; v < vectors; ++v) store(to + v * lanes, sum[v]);
    return;
  }
  float* c = p.c + (row - p.firstRow) * p.ldc + column;
  const F alpha = set1(p.alpha), beta = set1(p.beta);
  if (p.beta == 0) {
#pragma GCC unroll 16
    for (int v = 0; v < vectors; ++v) store(c + v * lanes, alpha * sum[v]);
  } else {
#pragma GCC unroll 16
    for (int v = 0; v < vectors; ++v) store(c + v * lanes, fma(beta, load(c + v * lanes), alpha * sum[v]));
  }
}

// Covers the panel's columns by strips of `vectors` vectors, then of half as many, down to one.
template <int vectors, class Kernel>
FORCE_INLINE void forStrips(const PanelBlock& p, std::size_t column = 0) {
  for (; column + vectors * lanes <= p.columns; column += vectors * lanes) Kernel::template strip<vectors>(p, column);
  if constexpr (vectors > 1) forStrips<vectors / 2, Kernel>(p, column);
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
