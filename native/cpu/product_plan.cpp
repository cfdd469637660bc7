#include "cpu/product_plan.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "core/checked.hpp"
#include "cpu/largest.hpp"
#include "cpu/rounded_weights.hpp"
#include "cpu/transposed_copy.hpp"

namespace boltzkit::cpu {
namespace {

// Fewer rows do not fill the dense kernel's registers and cost it as much as these.
constexpr std::size_t leastDenseRows = 6;

}  // namespace

ProductPlan::ProductPlan(Engine& engine, const Product& product, NonZeroBuffer& scratch, std::size_t firstRow, std::size_t rows,
                         Lists lists)
    : engine_(engine),
      kernels_(engine.kernels()),
      p_(product),
      scratch_(scratch),
      first_(firstRow),
      rows_(rows),
      number_(++engine.workspace().products),
      byThread_(lists == Lists::perThread),
      left_(kernels_, p_, firstRow),
      alpha_(product.alpha) {
  if (p_.tolerance > 0 && listRounded()) return;
  byThread_ = false;
  useTransposedCopy();
  listFloats();
}

// Threads share the rows, and give up when one of them finds something that cannot be listed.
NonZeroFacts ProductPlan::listAll() {
  const std::size_t taskRows = p_.aTransposed ? listedColumns : listedRows;
  const NonZeroRegions regions = left_.regions(scratch_, rows_, taskRows);
  std::uint32_t* columns = p_.aTransposed ? scratch_.columns.atLeast(engine_.threads() * columnScratch) : nullptr;
  std::atomic<std::size_t> count{0};
  std::atomic<bool> good{true};
  std::atomic<float> largest{0};
  engine_.parallelFor(blocksOf(rows_, taskRows), static_cast<double>(rows_ * p_.depth), [&](std::size_t task, unsigned thread) {
    if (left_.strict() && !good.load(std::memory_order_relaxed)) return;
    const std::size_t first = task * taskRows, last = std::min(rows_, first + taskRows);
    const NonZeroFacts scan = left_.list(regions, first, first, last, columns ? columns + thread * columnScratch : nullptr);
    count.fetch_add(scan.count, std::memory_order_relaxed);
    if (!scan.good) good.store(false, std::memory_order_relaxed);
    raise(largest, scan.largest);
  });
  lists_ = regions.lists;
  return {count, good, largest};
}

// As bits, pairs of whole numbers or pairs of grey levels, in this order; false if they are none of these. What is found out is kept until the left factor is
// written anew: data are listed for a field and again for statistics.
bool ProductPlan::listRounded() {
  constexpr struct {
    bool shorts;
    float scale;
  } ways[] = {{true, 1}, {false, 1}, {false, 255}};
  CpuTensor::KnownValues part, &known = p_.left && rows_ == p_.rows ? p_.left->knownValues() : part;
  for (std::size_t way = known.ruledOut; way < std::size(ways); ++way) {
    const auto [shorts, scale] = ways[way];
    const bool next = way == known.ruledOut, seen = next && known.serves;
    if (!mayRound(shorts, seen ? known.largest : 0)) continue;
    const NonZeroFacts scan = listRounded(shorts, scale, seen);
    if (scan.good && next && !seen) known.serves = true, known.largest = scan.largest / scale;
    if (!scan.good && !known.serves) known.ruledOut = way + 1;
    if (!scan.good || !mayRound(shorts, seen ? known.largest : scan.largest / scale)) continue;
    takeRounded(shorts, scale, scan);
    return true;
  }
  return false;
}

bool ProductPlan::mayRound(bool shorts, double largestState) const {
  return roundable(engine_, *p_.matrix, shorts ? Packing::shorts : Packing::pairs, orientationOf(p_.bTransposed), p_.tolerance,
                   largestState);
}

// `known`: the left factor has been listed like this before.
NonZeroFacts ProductPlan::listRounded(bool shorts, float scale, bool known) {
  const std::size_t ldb = packedStride(shorts ? Packing::shorts : Packing::pairs, p_.columns);
  shorts ? left_.asBits(ldb) : left_.asPairs(scale, ldb);
  listsByThread_ = byThread_ && (left_.fromBits() || (known && p_.aTransposed));
  return listsByThread_ ? NonZeroFacts{rows_ * p_.depth / 4, true} : listAll();
}

void ProductPlan::takeRounded(bool shorts, float scale, const NonZeroFacts& scan) {
  byThread_ = listsByThread_;
  rounded_ = &roundedCopy(engine_, *p_.matrix, shorts ? Packing::shorts : Packing::pairs, orientationOf(p_.bTransposed));
  kernel_ = shorts ? kernels_.activeShorts : kernels_.activeWords;
  alpha_ = p_.alpha * rounded_->unit / scale;
  work_ = static_cast<double>(scan.count * p_.columns) * kernels_.costBinary / (shorts ? 32 : 16);
}

void ProductPlan::useTransposedCopy() {
  if (!p_.bTransposed || !p_.matrix) return;
  if (const auto* copy = transposedCopy(engine_, *p_.matrix, p_.rows)) {
    p_.b = copy->buffer.data();
    p_.bStride = copy->stride;
    p_.bTransposed = false;
  }
}

void ProductPlan::listFloats() {
  left_.asFloats(p_.bTransposed ? panelColumns : p_.bStride);
  choose(listAll());
  if (kernel_ != kernels_.dense) return;
  if (p_.aTransposed) return transposeLeft();
  denseStride_ = p_.aStride;
  dense_ = p_.a + first_ * p_.aStride;
}

void ProductPlan::transposeLeft() {
  denseStride_ = rowStride(p_.depth);
  float* copy = scratch_.left.atLeast(roundUp(rows_, lineFloats) * denseStride_);
  dense_ = copy;
  engine_.parallelFor(blocksOf(rows_, lineFloats), static_cast<double>(rows_ * p_.depth) / 4, [&](std::size_t task, unsigned) {
    const std::size_t first = task * lineFloats;
    kernels_.transpose(p_.a + first_ + first, p_.aStride, p_.depth, std::min(lineFloats, rows_ - first), p_.weights,
                       copy + first * denseStride_, denseStride_);
  });
}

void ProductPlan::choose(const NonZeroFacts& scan) {
  const double active = static_cast<double>(scan.count) * (scan.good ? kernels_.costBinary : kernels_.costReal);
  const double dense = static_cast<double>(std::max(rows_, leastDenseRows) * p_.depth) * kernels_.costDense;
  kernel_ = dense < active ? kernels_.dense : scan.good ? kernels_.activeBinary : kernels_.activeReal;
  work_ = std::min(dense, active) * static_cast<double>(p_.columns) / 16;
}

void ProductPlan::list(std::size_t firstRow, std::size_t lastRow, ThreadNonZeros& lists) const {
  if (!byThread_ || (lists.product == number_ && lists.firstRow == firstRow)) return;
  const NonZeroRegions regions = left_.regions(lists.scratch, lastRow - firstRow, lastRow - firstRow);
  std::uint32_t* columns = p_.aTransposed && !left_.fromBits() ? lists.scratch.columns.atLeast(columnScratch) : nullptr;
  left_.list(regions, 0, firstRow, lastRow, columns);
  lists.lists = regions.lists;
  lists.product = number_;
  lists.firstRow = firstRow;
}

void ProductPlan::tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, const ThreadNonZeros& lists, float* scratch,
                       float* out) const {
  PanelBlock block{};
  block.firstRow = byThread_ ? 0 : firstRow;
  block.lastRow = block.firstRow + (lastRow - firstRow);
  block.lda = denseStride_;
  block.lists = byThread_ ? lists.lists : lists_;
  block.ldc = out ? panelColumns : p_.cStride;
  block.c = out ? out : p_.c + (first_ + firstRow) * p_.cStride + column;
  block.columns = roundUp(std::min(panelColumns, p_.columns - column), lineFloats);
  constexpr std::size_t tileFloats = tileRows * panelColumns;
  block.sums = scratch;
  block.totals = scratch + tileFloats;
  block.rests = scratch + 2 * tileFloats;
  block.alpha = alpha_;
  block.beta = out ? 0 : p_.beta;
  const std::size_t depth = left_.depth(), step = block.lists.depth;
  for (std::size_t k = 0; k < depth; k += step, ++block.block) {
    if (dense_) block.a = dense_ + k;
    block.depth = std::min(step, depth - k);
    const std::size_t group = block.block / groupBlocks;
    block.first = block.block % groupBlocks == 0;
    block.last = block.block % groupBlocks == groupBlocks - 1 || k + step >= depth;
    block.firstGroup = group == 0;
    block.lastGroup = group == (block.lists.blocks - 1) / groupBlocks;
    placeB(block, k, column, scratch + 3 * tileFloats);
    kernel_(block);
  }
}

void ProductPlan::placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const {
  if (rounded_) {
    block.b = rounded_->words.data() + k * rounded_->stride + (kernel_ == kernels_.activeShorts ? column / 2 : column);
    block.ldb = rounded_->stride;
  } else if (!p_.bTransposed) {
    block.b = p_.b + k * p_.bStride + column;
    block.ldb = p_.bStride;
  } else {
    const std::size_t columns = std::min(panelColumns, p_.columns - column);
    kernels_.transpose(p_.b + column * p_.bStride + k, p_.bStride, columns, block.depth, nullptr, copy, panelColumns);
    block.b = copy;
    block.ldb = panelColumns;
  }
}

}  // namespace boltzkit::cpu
