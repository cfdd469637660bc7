#include "cpu/left_factor.hpp"

#include <algorithm>
#include <vector>

#include "core/checked.hpp"

namespace boltzkit::cpu {
namespace {

NonZeroFacts operator+(const NonZeroFacts& a, const NonZeroFacts& b) {
  return {a.count + b.count, a.good && b.good, std::max(a.largest, b.largest)};
}

}  // namespace

LeftFactor::LeftFactor(const Kernels& kernels, const Product& product, std::size_t firstRow)
    : kernels_(kernels), p_(product), first_(firstRow), bits_(product.left && !product.weights ? product.left->bits() : nullptr) {}

void LeftFactor::asFloats(std::size_t ldb) {
  scale_ = 0;
  strict_ = false;
  depth_ = p_.depth;
  block_ = p_.depth > longSum ? longSumBlock : depthBlock;
  ldb_ = ldb;
  zeroPlace_ = 0;
}

void LeftFactor::asBits(std::size_t ldb) {
  asFloats(ldb);
  strict_ = true;
  block_ = shortsBlock;
  zeroPlace_ = depth_;
}

void LeftFactor::asPairs(float scale, std::size_t ldb) {
  asFloats(ldb);
  strict_ = true;
  scale_ = scale;
  depth_ = blocksOf(p_.depth, 2);
  block_ = depthBlock;
}

NonZeroRegions LeftFactor::regions(NonZeroBuffer& scratch, std::size_t rows, std::size_t taskRows) const {
  NonZeroRegions regions{.taskRows = taskRows, .region = taskRows * std::min(roundUp(depth_, lineFloats), block_) + lineFloats};
  NonZeros& lists = regions.lists;
  lists.blocks = blocksOf(depth_, block_);
  lists.depth = block_;
  lists.zeroPlace = zeroPlace_;
  const std::size_t entries = blocksOf(rows, taskRows) * lists.blocks * regions.region;
  lists.offset = scratch.offsets.atLeast(entries);
  lists.value = fromBits() ? nullptr : scratch.values.atLeast(entries);
  lists.start = scratch.bounds.atLeast(2 * rows * lists.blocks);
  lists.end = lists.start + rows * lists.blocks;
  return regions;
}

NonZeroFacts LeftFactor::list(const NonZeroRegions& regions, std::size_t firstList, std::size_t first, std::size_t last,
                              std::uint32_t* columnScratch) const {
  const std::size_t blocks = regions.lists.blocks;
  std::uint32_t few[16];
  std::vector<std::uint32_t> many(blocks > 16 ? blocks : 0);
  std::uint32_t* next = many.empty() ? few : many.data();
  for (std::size_t q = 0; q < blocks; ++q)
    next[q] = static_cast<std::uint32_t>((firstList / regions.taskRows * blocks + q) * regions.region);
  return p_.aTransposed ? columns(regions.lists, firstList, first, last, next, columnScratch)
                        : rows(regions.lists, firstList, first, last, next);
}

NonZeroFacts LeftFactor::rows(const NonZeros& lists, std::size_t firstList, std::size_t first, std::size_t last,
                              std::uint32_t* next) const {
  NonZeroFacts all{0, true, 0};
  for (std::size_t r = first, list = firstList; r < last && (all.good || !strict_); ++r, ++list) {
    const float* row = p_.a + (first_ + r) * p_.aStride;
    if (scale_ != 0)
      all = all + kernels_.listPairs(row, p_.depth, ldb_, scale_, lists, list, next);
    else if (bits_)
      all = all + kernels_.listBitRow(bits_ + first_ + r, p_.left->bitsStride(), p_.depth, ldb_, lists, list, next);
    else
      all = all + kernels_.listRow(row, p_.depth, ldb_, lists, list, next);
  }
  return all;
}

NonZeroFacts LeftFactor::columns(const NonZeros& lists, std::size_t firstList, std::size_t first, std::size_t last, std::uint32_t* next,
                                 std::uint32_t* scratch) const {
  NonZeroFacts all{0, true, 0};
  for (std::size_t c = first; c < last && (all.good || !strict_);) {
    const std::size_t place = first_ + c, list = firstList + c - first, inWord = place % listedColumns;
    const std::size_t n = std::min(last - c, listedColumns - inWord);
    if (fromBits()) {
      const std::uint64_t* words = bits_ + place / listedColumns * p_.left->bitsStride();
      all = all + kernels_.listBitColumns({words, p_.depth, inWord, n}, ldb_, lists, list, next);
    } else {
      all = all + kernels_.listColumns({p_.a + place, p_.aStride, p_.depth, n, p_.weights, scale_, ldb_, lists, list, next, scratch});
    }
    c += n;
  }
  return all;
}

}  // namespace boltzkit::cpu
