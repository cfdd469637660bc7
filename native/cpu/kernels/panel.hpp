// What the product kernels share: how the sums of blocks of k are added up and end in C, and how a
// panel is cut into strips of whole vectors.
//
// A group is groupBlocks blocks of k. Every element of C is the sum of its groups, added with what
// rounding leaves out. A group is the sum of its blocks, and a block that of its terms, both in
// rising order and rounded at every step. So the error is that of a few dozen terms however many
// there are, and depends on nothing else. Up to one block (depthBlock places) it is one plain sum.
#pragma once
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

FORCE_INLINE float* sumsOf(const PanelBlock& p, std::size_t row, std::size_t column) {
  return p.sums + (row - p.firstRow) * panelColumns + column;
}

// Adds the sums of a group to those of the previous groups. In the last group, `sum` becomes the
// total.
template <int vectors>
FORCE_INLINE void joinGroups(const PanelBlock& p, std::size_t row, std::size_t column, F (&sum)[vectors]) {
  const std::size_t place = (row - p.firstRow) * panelColumns + column;
#pragma GCC unroll 16
  for (int v = 0; v < vectors; ++v) {
    F high{}, low{};
    if (!p.firstGroup) high = load(p.totals + place + v * lanes), low = load(p.rests + place + v * lanes);
    addExactly(high, low, sum[v]);
    sum[v] = high + low;
    if (p.lastGroup) continue;
    store(p.totals + place + v * lanes, high);
    store(p.rests + place + v * lanes, low);
  }
}

// Ends a product: C = beta C + alpha sum.
template <int vectors>
FORCE_INLINE void writeSums(const PanelBlock& p, std::size_t row, std::size_t column, const F (&sum)[vectors]) {
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

// high * 2^bits + low, rounded once. Neither may be beyond 2^31 - 2^(31 - bits), with bits <= 12.
template <int bits>
FORCE_INLINE F wholeSum(I high, I low) {
  constexpr int rest = 24 - bits;
  high += low >> bits;
  const I lowest = (high & set1i((1 << rest) - 1)) << bits | (low & set1i((1 << bits) - 1));
  return fma(__builtin_convertvector(high >> rest, F), set1(0x1p24f), __builtin_convertvector(lowest, F));
}

// Adds the sums of a block to those of its group, and writes C once all groups are added up.
template <int vectors>
FORCE_INLINE void endSums(const PanelBlock& p, std::size_t row, std::size_t column, F (&sum)[vectors]) {
  float* before = sumsOf(p, row, column);
  if (!p.first) {
#pragma GCC unroll 16
    for (int v = 0; v < vectors; ++v) sum[v] = load(before + v * lanes) + sum[v];
  }
  if (!p.last) {
#pragma GCC unroll 16
    for (int v = 0; v < vectors; ++v) store(before + v * lanes, sum[v]);
    return;
  }
  if (!p.firstGroup || !p.lastGroup) {
    joinGroups<vectors>(p, row, column, sum);
    if (!p.lastGroup) return;
  }
  writeSums<vectors>(p, row, column, sum);
}

// Covers the panel's columns with strips of `vectors` vectors, then of half as many, down to one.
template <int vectors, class Kernel>
FORCE_INLINE void forStrips(const PanelBlock& p, std::size_t column = 0) {
  for (; column + vectors * lanes <= p.columns; column += vectors * lanes) Kernel::template strip<vectors>(p, column);
  if constexpr (vectors > 1) forStrips<vectors / 2, Kernel>(p, column);
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
