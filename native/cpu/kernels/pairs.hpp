// Fields of states that are small whole numbers, by weights rounded to 16 bits. C[r, :] is the sum
// of A[r, k] B[k, :] + A[r, k + 1] B[k + 1, :] over the pairs of places (k, k + 1) that are not
// both 0. A pair of states is a word of 32 bits, as is a pair of weights; one instruction makes
// both products. B takes half as many bytes as in kernels/active_set.hpp. Places that are on often
// have neighbours that are on, so there are fewer entries, at best half as many.
//
// Sums are whole numbers, exact over the whole depth, and a result is rounded once. Every
// instruction set gives the same bits.
#pragma once
#include "cpu/kernels/active_set.hpp"
#include "cpu/kernels/transpose.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Pairs of places in a block. Their sum fits into 32 bits.
constexpr std::size_t pairsBlock = 112;
static_assert(2 * pairsBlock * largestWhole * largestPair < 0x1p31);

// The largest depth of a product: its sums fit into 43 bits.
constexpr std::size_t mostPairDepth = std::size_t{1} << 20;

// Adding it rounds a number to the nearest whole one. The lowest bits then hold its two's
// complement.
constexpr float wholeShift = 12582912.0f;  // 1.5 * 2^23

FORCE_INLINE F evenLanes(F a, F b) { return pick(a, b, iota() * set1i(2)); }
FORCE_INLINE F oddLanes(F a, F b) { return pick(a, b, iota() * set1i(2) + set1i(1)); }

// Words of two numbers that wholeShift was added to; the first is in the lower half.
FORCE_INLINE F pairWords(F lower, F upper) { return (F)(((I)lower & set1i(0xffff)) | ((I)upper << 16)); }

// Adds wholeShift to scaled numbers, and checks that they are whole.
struct Wholeness {
  explicit Wholeness(float scale) : by(set1(scale)), near(set1(scale == 1 ? 0 : 0x1p-14f)) {}

  FORCE_INLINE F shifted(F x) {
    const F y = by * x, s = y + set1(wholeShift);
    all &= absolute(y - (s - set1(wholeShift))) <= near;
    most = maxOf(absolute(y), most);
    return s;
  }
  float largest() const { return largestLane(most); }
  bool good() const { return nonZeroBits((F)~all) == 0 && largest() <= largestWhole; }

  const F by, near;  // multiples of 1/255, as floats, are off by 2^-16 of 1/255 at most
  I all = F{} == F{};
  F most{};
};

NonZeroFacts listPairs(const float* row, std::size_t depth, std::size_t ldb, float scale, const NonZeros& lists, std::size_t rowIndex,
                       std::uint32_t* next) {
  std::uint32_t *start = lists.start + rowIndex * lists.blocks, *stop = lists.end + rowIndex * lists.blocks;
  const I laneOffset = iota() * set1i(static_cast<std::int32_t>(ldb));
  const std::size_t padded = (depth + lineFloats - 1) / lineFloats * lineFloats;
  const std::size_t block = 2 * lists.depth;
  Wholeness whole(scale);
  std::size_t count = 0;
  for (std::size_t first = 0; first < depth; first += block, ++start, ++stop, ++next) {
    std::uint32_t n = *start = *next;
    const std::size_t end = first + block < padded ? first + block : padded;
    for (std::size_t k = first; k < end; k += 2 * lanes) {
      const F x = whole.shifted(load(row + k)), y = whole.shifted(k + lanes < padded ? load(row + k + lanes) : F{});
      const F words = pairWords(evenLanes(x, y), oddLanes(x, y));
      const I offsets = laneOffset + set1i(static_cast<std::int32_t>((k - first) / 2 * ldb));
      n += compress(nonZeroBits(words), words, offsets, lists.value + n, lists.offset + n);
    }
    count += n - *start;
    *next = *stop = n;
  }
  return {count, whole.good(), whole.largest()};
}

template <int vectors>
FORCE_INLINE void addPair(const float* b, const Entries& entries, std::size_t i, I (&sum)[vectors]) {
  const float* place = b + entries.offset[i];
  const I x = (I)broadcast(entries.value + i);
#pragma GCC unroll 16
  for (int v = 0; v < vectors; ++v) sum[v] += multiplyPairs((I)load(place + v * lanes), x);
}

// The sum over all blocks is high * 2^12 + low. It is kept as these two numbers from block to
// block.
template <int vectors>
FORCE_INLINE void endPairs(const PanelBlock& p, std::size_t row, std::size_t column, const I (&sum)[vectors]) {
  constexpr int bits = 12;
  static_assert(largestWhole * largestPair * mostPairDepth < 0x1p43 && mostPairDepth / pairsBlock < 0x1p19);
  const bool first = p.first && p.firstGroup, last = p.last && p.lastGroup;
  float *highs = p.totals + (row - p.firstRow) * panelColumns + column, *lows = sumsOf(p, row, column);
  F total[vectors];
#pragma GCC unroll 16
  for (int v = 0; v < vectors; ++v) {
    I high = sum[v] >> bits, low = sum[v] & set1i((1 << bits) - 1);
    if (!first) high += (I)load(highs + v * lanes), low += (I)load(lows + v * lanes);
    if (last) {
      total[v] = wholeSum<bits>(high, low);
    } else {
      store(highs + v * lanes, (F)high);
      store(lows + v * lanes, (F)low);
    }
  }
  if (last) writeSums<vectors>(p, row, column, total);
}

struct PairStrip {
  template <int vectors>
  static FORCE_INLINE void one(const PanelBlock& p, std::size_t row, std::size_t column) {
    const Entries entries = entriesOf(p, row);
    I sum[vectors]{};
    const float* b = p.b + column;
    for (std::size_t i = 0; i < entries.count; ++i) addPair<vectors>(b, entries, i, sum);
    endPairs<vectors>(p, row, column, sum);
  }

  template <int vectors>
  static FORCE_INLINE void strip(const PanelBlock& p, std::size_t column) {
    for (std::size_t row = p.firstRow; row < p.lastRow; ++row) one<vectors>(p, row, column);
  }
};

void activeWords(const PanelBlock& p) { forStrips<panelVectors, PairStrip>(p); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
