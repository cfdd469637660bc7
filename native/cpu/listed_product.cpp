#include "cpu/listed_product.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "core/checked.hpp"
#include "cpu/rounded_weights.hpp"
#include "cpu/transposed_copy.hpp"

namespace boltzkit::cpu {
namespace {

// Fewer rows do not fill the dense kernel's registers and cost it as much as these.
constexpr std::size_t leastDenseRows = 6;

}  // namespace

ListedProduct::ListedProduct(Engine& engine, const Product& product, ListScratch& scratch, std::size_t firstRow, std::size_t rows,
                             Listing listing)
    : engine_(engine),
      kernels_(engine.kernels()),
      p_(product),
      scratch_(scratch),
      first_(firstRow),
      rows_(rows),
      number_(++engine.workspace().products),
      byThread_(listing == Listing::byThread),
      left_(kernels_, p_, firstRow),
      alpha_(product.alpha) {
  if (p_.roundable && listRounded()) return;
  byThread_ = false;
  useTransposedCopy();
  listFloats();
}

// Threads share the rows, and give up when one of them finds something that cannot be listed.
RowScan ListedProduct::listAll() {
  const std::size_t taskRows = p_.aTransposed ? listedColumns : listedRows;
  const ListRoom room = left_.room(scratch_, rows_, taskRows);
  std::uint32_t* columns = p_.aTransposed ? scratch_.columns.atLeast(engine_.threads() * columnScratch) : nullptr;
  std::atomic<std::size_t> count{0};
  std::atomic<bool> good{true};
  engine_.parallelFor(blocksOf(rows_, taskRows), static_cast<double>(rows_ * p_.depth), [&](std::size_t task, unsigned thread) {
    if (left_.strict() && !good.load(std::memory_order_relaxed)) return;
    const std::size_t first = task * taskRows, last = std::min(rows_, first + taskRows);
    const RowScan scan = left_.list(room, first, first, last, columns ? columns + thread * columnScratch : nullptr);
    count.fetch_add(scan.count, std::memory_order_relaxed);
    if (!scan.good) good.store(false, std::memory_order_relaxed);
  });
  lists_ = room.lists;
  return {count, good};
}

// As bits, pairs of whole numbers or pairs of grey levels, in this order; false if they are none of these. What is found out is kept until the left factor is
// written anew: data are listed for a field and again for statistics.
bool ListedProduct::listRounded() {
  constexpr struct {
    bool shorts;
    float scale;
  } ways[] = {{true, 1}, {false, 1}, {false, 255}};
  CpuTensor::Listing part, &known = p_.left && rows_ == p_.rows ? p_.left->listing() : part;
  for (std::size_t way = known.ruledOut; way < std::size(ways); ++way) {
    if (!roundable(engine_, *p_.matrix, ways[way].shorts, p_.bTransposed)) continue;
    const bool next = way == known.ruledOut;
    if (listRounded(ways[way].shorts, ways[way].scale, next && known.serves)) {
      known.serves |= next;
      return true;
    }
    if (!known.serves) known.ruledOut = way + 1;
  }
  return false;
}

// `known`: the left factor has been listed like this before.
bool ListedProduct::listRounded(bool shorts, float scale, bool known) {
  const std::size_t ldb = roundedStride(shorts, p_.columns);
  shorts ? left_.asBits(ldb) : left_.asPairs(scale, ldb);
  const bool byThread = byThread_ && (left_.fromBits() || (known && p_.aTransposed));
  const RowScan scan = byThread ? RowScan{rows_ * p_.depth / 4, true} : listAll();
  if (!scan.good) return false;
  byThread_ = byThread;
  rounded_ = &roundedCopy(engine_, *p_.matrix, shorts, p_.bTransposed);
  kernel_ = shorts ? kernels_.activeShorts : kernels_.activeWords;
  alpha_ = p_.alpha * rounded_->unit / scale;
  work_ = static_cast<double>(scan.count * p_.columns) * kernels_.costBinary / (shorts ? 32 : 16);
  return true;
}

void ListedProduct::useTransposedCopy() {
  if (!p_.bTransposed || !p_.matrix) return;
  if (const auto* copy = transposedCopy(engine_, *p_.matrix, p_.rows)) {
    p_.b = copy->buffer.data();
    p_.bStride = copy->stride;
    p_.bTransposed = false;
  }
}

void ListedProduct::listFloats() {
  left_.asFloats(p_.bTransposed ? panelColumns : p_.bStride);
  choose(listAll());
  if (kernel_ != kernels_.dense) return;
  if (p_.aTransposed) return transposeLeft();
  denseStride_ = p_.aStride;
  dense_ = p_.a + first_ * p_.aStride;
}

void ListedProduct::transposeLeft() {
  denseStride_ = rowStride(p_.depth);
  float* copy = scratch_.left.atLeast(roundUp(rows_, lineFloats) * denseStride_);
  dense_ = copy;
  engine_.parallelFor(blocksOf(rows_, lineFloats), static_cast<double>(rows_ * p_.depth) / 4, [&](std::size_t task, unsigned) {
    const std::size_t first = task * lineFloats;
    kernels_.transpose(p_.a + first_ + first, p_.aStride, p_.depth, std::min(lineFloats, rows_ - first), p_.weights,
                       copy + first * denseStride_, denseStride_);
  });
}

void ListedProduct::choose(const RowScan& scan) {
  const double active = static_cast<double>(scan.count) * (scan.good ? kernels_.costBinary : kernels_.costReal);
  const double dense = static_cast<double>(std::max(rows_, leastDenseRows) * p_.depth) * kernels_.costDense;
  kernel_ = dense < active ? kernels_.dense : scan.good ? kernels_.activeBinary : kernels_.activeReal;
  work_ = std::min(dense, active) * static_cast<double>(p_.columns) / 16;
}

void ListedProduct::list(std::size_t firstRow, std::size_t lastRow, ThreadLists& lists) const {
  if (!byThread_ || (lists.product == number_ && lists.firstRow == firstRow)) return;
  const ListRoom room = left_.room(lists.scratch, lastRow - firstRow, lastRow - firstRow);
  std::uint32_t* columns = p_.aTransposed && !left_.fromBits() ? lists.scratch.columns.atLeast(columnScratch) : nullptr;
  left_.list(room, 0, firstRow, lastRow, columns);
  lists.lists = room.lists;
  lists.product = number_;
  lists.firstRow = firstRow;
}

void ListedProduct::tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, const ThreadLists& lists, float* scratch,
                         float* out) const {
  PanelBlock block{};
  block.firstRow = byThread_ ? 0 : firstRow;
  block.lastRow = block.firstRow + (lastRow - firstRow);
  block.lda = denseStride_;
  block.lists = byThread_ ? lists.lists : lists_;
  block.ldc = out ? panelColumns : p_.cStride;
  block.c = out ? out : p_.c + (first_ + firstRow) * p_.cStride + column;
  block.columns = roundUp(std::min(panelColumns, p_.columns - column), lineFloats);
  block.sums = scratch;
  block.alpha = alpha_;
  block.beta = out ? 0 : p_.beta;
  const std::size_t depth = left_.depth(), step = block.lists.depth;
  for (std::size_t k = 0; k < depth; k += step, ++block.block) {
    if (dense_) block.a = dense_ + k;
    block.depth = std::min(step, depth - k);
    block.first = k == 0;
    block.last = k + step >= depth;
    placeB(block, k, column, scratch + tileRows * panelColumns);
    kernel_(block);
  }
}

void ListedProduct::placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const {
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
