// Lists the nonzero entries of the columns of a matrix, as kernels/active_set.hpp and
// kernels/pairs.hpp do for rows. A block of places k is scanned row by row into one list, which is
// then sorted by columns. Transposing the block first was slower.
#pragma once
#include "cpu/kernels/pairs.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// One value at place k of each column.
struct SingleValues {
  static constexpr std::size_t places = 1;
  const FloatColumns& s;
  const F one = set1(1);
  unsigned other = 0;

  FORCE_INLINE F at(std::size_t k, std::size_t c) {
    const F x = load(s.a + k * s.lda + c) * set1(s.weights ? s.weights[k] : 1);
    other |= nonZeroBits(x) & nonZeroBits(x - one);
    return x;
  }
  bool good() const { return other == 0; }
  float largest() const { return 1; }
};

// The word of two whole numbers, at places 2 k and 2 k + 1.
struct PairValues {
  static constexpr std::size_t places = 2;
  const FloatColumns& s;
  Wholeness whole{s.scale};

  FORCE_INLINE F at(std::size_t k, std::size_t c) {
    const float* row = s.a + 2 * k * s.lda + c;
    const F x = whole.shifted(load(row)), y = 2 * k + 1 < s.depth ? whole.shifted(load(row + s.lda)) : whole.shifted(F{});
    return pairWords(x, y);
  }
  bool good() const { return whole.good(); }
  float largest() const { return whole.largest(); }
};

template <class Values>
std::size_t listColumnBlock(const FloatColumns& s, Values& values, std::size_t block) {
  constexpr std::size_t most = listedColumns * largestBlock + lineFloats;
  std::uint32_t *column = s.scratch, *offset = s.scratch + most;
  float* value = reinterpret_cast<float*>(s.scratch + 2 * most);
  const std::size_t all = (s.depth + Values::places - 1) / Values::places;
  const std::size_t first = block * s.lists.depth, depth = all - first < s.lists.depth ? all - first : s.lists.depth;
  const auto zero = static_cast<std::uint32_t>((s.lists.zeroPlace - first) * s.ldb);
  std::uint32_t n = 0;
  for (std::size_t k = 0; k < depth; ++k) {
    const F place = (F)set1i(static_cast<std::int32_t>(k * s.ldb));
    for (std::size_t c = 0; c < s.columns; c += lanes) {
      F x = values.at(first + k, c);
      if (c + lanes > s.columns) x = firstLanes(x, s.columns - c);
      storeAnywhere(reinterpret_cast<float*>(offset + n), place);
      n += compress(nonZeroBits(x), x, iota() + set1i(static_cast<std::int32_t>(c)), value + n, column + n);
    }
  }
  std::uint32_t at[listedColumns] = {};
  for (std::uint32_t i = 0; i < n; ++i) ++at[column[i]];
  std::uint32_t to = s.next[block];
  for (std::size_t c = 0; c < s.columns; ++c) {
    const std::uint32_t count = at[c];
    at[c] = to;
    s.lists.start[(s.firstList + c) * s.lists.blocks + block] = to;
    s.lists.end[(s.firstList + c) * s.lists.blocks + block] = to = fillUp(s.lists, to, to + count, zero);
  }
  s.next[block] = to;
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t place = at[column[i]]++;
    s.lists.offset[place] = offset[i];
    s.lists.value[place] = value[i];
  }
  return n;
}

template <class Values>
NonZeroFacts listColumnsOf(const FloatColumns& scan) {
  const FloatColumns s = scan;  // a copy that stores cannot reach
  Values values{s};
  std::size_t count = 0;
  for (std::size_t block = 0; block < s.lists.blocks; ++block) count += listColumnBlock(s, values, block);
  return {count, values.good(), values.largest()};
}

NonZeroFacts listColumns(const FloatColumns& s) { return listColumnsOf<SingleValues>(s); }
NonZeroFacts listColumnPairs(const FloatColumns& s) { return listColumnsOf<PairValues>(s); }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
