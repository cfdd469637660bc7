// Fields of bits, by weights rounded to 14 bits: C[r, :] = sum over the k with A[r, k] = 1 of
// B[k, :]. Four weights of 14 bits add up within 16 bits. So a vector adds twice as many columns at
// a time as it has floats, and widens the sums once in four places. 32 columns are 16 words of 32
// bits: columns 0 ... 15 in the lower halves, columns 16 ... 31 in the upper ones. A product with
// (1, 0) or (0, 1) extracts one half. Each place that is on reads half as many bytes as in
// kernels/active_set.hpp. The limit is reading them from the first-level cache, 2 lines for each
// place and 64 columns; this kernel reaches half of it.
//
// All sums are whole numbers and so exact. Every instruction set gives the same bits.
#pragma once
#include "cpu/kernels/line_sums.hpp"
#include "cpu/kernels/pairs.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

typedef short H __attribute__((vector_size(4 * BOLTZKIT_LANES), may_alias));

// Places in a block: 224 x 64 numbers of 16 bits take 28 KiB.
constexpr std::size_t shortsBlock = 224;
// Places that are added up before sums are widened. Lists are filled up to a multiple of it.
constexpr std::size_t shortsTogether = 4;
static_assert(shortsTogether * (largestShort + 1) < 0x1p15);
// Sums of a group of blocks are whole numbers that floats hold. Groups are added up with what
// rounding leaves out. So a result is the sum over the whole depth, rounded once, and does not
// depend on the blocks.
static_assert(groupBlocks * shortsBlock * largestShort < 0x1p24);

// Row r of `lines` times 16 columns from word column `word` on.
template <int lines>
FORCE_INLINE void shortSums(const PanelBlock& p, std::size_t row, std::size_t word) {
  constexpr int words = (lines + 1) / 2 * lineVectors;
  const Entries entries = entriesOf(p, row);
  const I lowerHalf = set1i(1), upperHalf = set1i(1 << 16);
  const float* b = p.b + word;
  I lower[words]{}, upper[words]{};
  for (std::size_t i = 0; i < entries.count; i += shortsTogether) {
    H four[words]{};
#pragma GCC unroll 4
    for (std::size_t k = 0; k < shortsTogether; ++k)
#pragma GCC unroll 8
      for (int v = 0; v < words; ++v) four[v] += (H)load(b + entries.offset[i + k] + v * lanes);
#pragma GCC unroll 8
    for (int v = 0; v < words; ++v) {
      lower[v] += multiplyPairs((I)four[v], lowerHalf);
      upper[v] += multiplyPairs((I)four[v], upperHalf);
    }
  }
  F total[lines * lineVectors];
#pragma GCC unroll 16
  for (int v = 0; v < lines * lineVectors; ++v) {
    const int line = v / lineVectors, at = line / 2 * lineVectors + v % lineVectors;
    total[v] = __builtin_convertvector(line % 2 ? upper[at] : lower[at], F);
  }
  endSums<lines * lineVectors>(p, row, 2 * word, total);
}

void activeShorts(const PanelBlock& p) {
  const std::size_t lines = p.columns / lineFloats;
  for (std::size_t row = p.firstRow; row < p.lastRow; ++row) {
    if (lines == 4) {
      shortSums<4>(p, row, 0);
    } else {
      if (lines >= 2) shortSums<2>(p, row, 0);
      if (lines % 2) shortSums<1>(p, row, lines / 2 * lineFloats);
    }
  }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
