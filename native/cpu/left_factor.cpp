#include "cpu/left_factor.hpp"

#include <algorithm>
#include <vector>

#include "core/checked.hpp"
#include "cpu/packing_formats.hpp"

namespace boltzkit::cpu {
namespace {

NonZeroFacts operator+(const NonZeroFacts& a, const NonZeroFacts& b) {
  return {a.count + b.count, a.good && b.good, std::max(a.largest, b.largest)};
}

}  // namespace

LeftFactor::LeftFactor(const Product& product, std::size_t firstRow)
    : p_(product), first_(firstRow), bits_(product.left && !product.weights ? product.left->bits() : nullptr) {}

void LeftFactor::listFor(const ProductFamily& family, std::size_t ldb) {
  family_ = &family;
  depth_ = blocksOf(p_.depth, formatOf(family.packing).rows);
  ldb_ = ldb;
}

NonZeroRegions LeftFactor::regions(NonZeroBuffer& buffer, std::size_t rows, std::size_t taskRows) const {
  const std::size_t block = family_->blockOf(p_.depth);
  NonZeroRegions regions{.taskRows = taskRows, .region = taskRows * std::min(roundUp(depth_, lineFloats), block) + lineFloats};
  NonZeros& lists = regions.lists;
  lists.blocks = blocksOf(depth_, block);
  lists.depth = block;
  lists.multiple = family_->listMultiple;
  lists.zeroPlace = depth_;
  const std::size_t entries = blocksOf(rows, taskRows) * lists.blocks * regions.region;
  lists.offset = buffer.offsets.atLeast(entries);
  lists.value = fromBits() ? nullptr : buffer.values.atLeast(entries);
  lists.start = buffer.bounds.atLeast(2 * rows * lists.blocks);
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
  const ListKernels& kernels = *family_->lists;
  const float scale = scaleOf(family_->takes);
  NonZeroFacts all{0, true, 0};
  for (std::size_t r = first, list = firstList; r < last && (all.good || !strict()); ++r, ++list) {
    if (fromBits())
      all = all + kernels.bitRow(bits_ + first_ + r, p_.left->bitsStride(), p_.depth, ldb_, lists, list, next);
    else
      all = all + kernels.row(p_.a + (first_ + r) * p_.aStride, p_.depth, ldb_, scale, lists, list, next);
  }
  return all;
}

NonZeroFacts LeftFactor::columns(const NonZeros& lists, std::size_t firstList, std::size_t first, std::size_t last, std::uint32_t* next,
                                 std::uint32_t* scratch) const {
  const ListKernels& kernels = *family_->lists;
  const float scale = scaleOf(family_->takes);
  NonZeroFacts all{0, true, 0};
  for (std::size_t c = first; c < last && (all.good || !strict());) {
    const std::size_t place = first_ + c, list = firstList + c - first, inWord = place % listedColumns;
    const std::size_t n = std::min(last - c, listedColumns - inWord);
    if (fromBits()) {
      const std::uint64_t* words = bits_ + place / listedColumns * p_.left->bitsStride();
      all = all + kernels.bitColumns({words, p_.depth, inWord, n}, ldb_, lists, list, next);
    } else {
      all = all + kernels.columns({p_.a + place, p_.aStride, p_.depth, n, p_.weights, scale, ldb_, lists, list, next, scratch});
    }
    c += n;
  }
  return all;
}

}  // namespace boltzkit::cpu
