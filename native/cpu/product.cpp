// A product runs in two parallel loops:
//  1. over rows of A: list the places that are not zero;
//  2. over tiles of C, panels of 64 columns times groups of rows: block of k by block of k, by the active sets or densely,
//     whichever the counts of loop 1 make cheaper. B is read where it lies, or its blocks are transposed on the way.
// Every element of C is one sum over rising k, whatever the kernel, the tiling and the number of threads, so none of these choices, nor
// the order in which threads come by, shows in the result. Products with rounded weights are sums of their own, and taken wherever they can be.
#include "cpu/product.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <vector>

#include "core/checked.hpp"
#include "cpu/rounded_weights.hpp"
#include "cpu/transposed_copy.hpp"

namespace boltzkit::cpu {
namespace {

// Rows of A per listing task.
constexpr std::size_t listedRows = 16;
// Fewer rows do not fill the dense kernel's registers and cost it as much as these.
constexpr std::size_t leastDenseRows = 6;
constexpr std::size_t leastGroup = 64;

// What several threads found.
class Scans {
 public:
  void add(const RowScan& scan) {
    count_.fetch_add(scan.count, std::memory_order_relaxed);
    if (!scan.good) good_.store(false, std::memory_order_relaxed);
  }
  bool good() const { return good_.load(std::memory_order_relaxed); }
  std::size_t count() const { return count_; }

 private:
  std::atomic<std::size_t> count_{0};
  std::atomic<bool> good_{true};
};

}  // namespace

ListedProduct::ListedProduct(Engine& engine, const Product& product, ListScratch& scratch, std::size_t firstRow, std::size_t rows)
    : engine_(engine),
      kernels_(engine.kernels()),
      p_(product),
      scratch_(scratch),
      first_(firstRow),
      rows_(rows),
      depth_(product.depth),
      alpha_(product.alpha) {
  if (p_.left && !p_.weights && (!p_.aTransposed || first_ % listedColumns == 0)) bits_ = p_.left->bits();
  if (p_.roundable && listRounded()) return;
  useTransposedCopy();
  reserve(p_.depth, depthBlock, p_.bTransposed ? panelColumns : p_.bStride);
  p_.aTransposed ? listColumns() : listRows();
}

// Room for lists of `places` places in blocks; every task has a region for each block. ldb: what a place is in B.
void ListedProduct::reserve(std::size_t places, std::size_t block, std::size_t ldb) {
  depth_ = places;
  ldb_ = ldb;
  lists_.depth = block;
  lists_.zeroPlace = 0;
  lists_.blocks = blocksOf(places, block);
  taskRows_ = p_.aTransposed ? listedColumns : listedRows;
  tasks_ = blocksOf(rows_, taskRows_);
  region_ = taskRows_ * std::min(roundUp(places, lineFloats), block) + lineFloats;
  const std::size_t entries = tasks_ * lists_.blocks * region_;
  lists_.offset = scratch_.offsets.atLeast(entries);
  lists_.value = scratch_.values.atLeast(entries);
  lists_.start = scratch_.bounds.atLeast(2 * rows_ * lists_.blocks);
  lists_.end = lists_.start + rows_ * lists_.blocks;
  if (p_.aTransposed) {
    columns_ = scratch_.columns.atLeast(engine_.threads() * columnScratch);
  } else {
    leftStride_ = p_.aStride;
    left_ = p_.a + first_ * p_.aStride;
  }
}

// body(first row, last row, next, thread) for every task; next: where entries of each block may be written.
template <class Body>
void ListedProduct::forEachTask(Body body) {
  engine_.parallelFor(tasks_, static_cast<double>(rows_ * p_.depth), [&](std::size_t task, unsigned thread) {
    std::uint32_t few[16];
    std::vector<std::uint32_t> many(lists_.blocks > 16 ? lists_.blocks : 0);
    std::uint32_t* next = many.empty() ? few : many.data();
    for (std::size_t q = 0; q < lists_.blocks; ++q) next[q] = static_cast<std::uint32_t>((task * lists_.blocks + q) * region_);
    body(task * taskRows_, std::min(rows_, (task + 1) * taskRows_), next, thread);
  });
}

// As bits, pairs of whole numbers or pairs of grey levels, in this order; false if they are none of these. What fails once will fail until the tensor is
// written anew: data are listed for a field and again for statistics.
bool ListedProduct::listRounded() {
  constexpr struct {
    bool shorts;
    float scale;
  } ways[] = {{true, 1}, {false, 1}, {false, 255}};
  std::size_t part = 0, &ruledOut = p_.left && rows_ == p_.rows ? p_.left->ruledOut() : part;
  for (std::size_t way = ruledOut; way < std::size(ways); ++way) {
    if (!cpu::roundable(engine_, *p_.matrix, ways[way].shorts, p_.bTransposed)) continue;
    if (listRounded(ways[way].shorts, ways[way].scale)) return true;
    ruledOut = way + 1;
  }
  return false;
}

// Bits, or pairs of whole numbers times scale; false if there is anything else.
bool ListedProduct::listRounded(bool shorts, float scale) {
  const std::size_t ldb = roundedStride(shorts, p_.columns);
  shorts ? reserve(p_.depth, shortsBlock, ldb) : reserve(blocksOf(p_.depth, 2), depthBlock, ldb);
  lists_.zeroPlace = shorts ? p_.depth : 0;
  Scans scans;
  forEachTask([&](std::size_t first, std::size_t last, std::uint32_t* next, unsigned thread) {
    if (p_.aTransposed) {
      if (scans.good()) scans.add(columnsOf(first, last, shorts ? 0 : scale, next, thread));
      return;
    }
    for (std::size_t r = first; r < last && scans.good(); ++r)
      scans.add(shorts ? rowOf(r, next) : kernels_.listPairs(left_ + r * leftStride_, p_.depth, ldb_, scale, lists_, r, next));
  });
  if (!scans.good()) return false;
  rounded_ = &roundedCopy(engine_, *p_.matrix, shorts, p_.bTransposed);
  kernel_ = shorts ? kernels_.activeShorts : kernels_.activeWords;
  alpha_ = p_.alpha * rounded_->unit / scale;
  work_ = static_cast<double>(scans.count() * p_.columns) * kernels_.costBinary / (shorts ? 32 : 16);
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

void ListedProduct::listRows() {
  Scans scans;
  forEachTask([&](std::size_t first, std::size_t last, std::uint32_t* next, unsigned) {
    for (std::size_t r = first; r < last; ++r) scans.add(rowOf(r, next));
  });
  choose(scans.count(), scans.good());
}

void ListedProduct::listColumns() {
  Scans scans;
  forEachTask([&](std::size_t first, std::size_t last, std::uint32_t* next, unsigned thread) {
    scans.add(columnsOf(first, last, 0, next, thread));
  });
  choose(scans.count(), scans.good());
  if (kernel_ == kernels_.dense) transposeLeft();
}

RowScan ListedProduct::rowOf(std::size_t r, std::uint32_t* next) const {
  if (bits_) return kernels_.listBitRow(bits_ + first_ + r, p_.left->bitsStride(), p_.depth, ldb_, lists_, r, next);
  return kernels_.listRow(left_ + r * leftStride_, p_.depth, ldb_, lists_, r, next);
}

RowScan ListedProduct::columnsOf(std::size_t first, std::size_t last, float scale, std::uint32_t* next, unsigned thread) const {
  if (bits_ && scale == 0)
    return kernels_.listBitColumns(bits_ + (first_ + first) / listedColumns * p_.left->bitsStride(), p_.depth, last - first, ldb_, lists_,
                                   first, next);
  return kernels_.listColumns({p_.a + first_ + first, p_.aStride, p_.depth, last - first, p_.weights, scale, ldb_, lists_, first, next,
                               columns_ + thread * columnScratch});
}

void ListedProduct::transposeLeft() {
  leftStride_ = rowStride(depth_);
  float* copy = scratch_.left.atLeast(roundUp(rows_, lineFloats) * leftStride_);
  left_ = copy;
  engine_.parallelFor(blocksOf(rows_, lineFloats), static_cast<double>(rows_ * depth_) / 4, [&](std::size_t task, unsigned) {
    const std::size_t first = task * lineFloats;
    kernels_.transpose(p_.a + first_ + first, p_.aStride, depth_, std::min(lineFloats, rows_ - first), p_.weights,
                       copy + first * leftStride_, leftStride_);
  });
}

void ListedProduct::choose(std::size_t count, bool binary) {
  const double active = static_cast<double>(count) * (binary ? kernels_.costBinary : kernels_.costReal);
  const double dense = static_cast<double>(std::max(rows_, leastDenseRows) * depth_) * kernels_.costDense;
  kernel_ = dense < active ? kernels_.dense : binary ? kernels_.activeBinary : kernels_.activeReal;
  work_ = std::min(dense, active) * static_cast<double>(p_.columns) / 16;
}

void ListedProduct::tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch, float* out) const {
  PanelBlock block{};
  block.firstRow = firstRow;
  block.lastRow = lastRow;
  block.lda = leftStride_;
  block.lists = lists_;
  block.ldc = out ? panelColumns : p_.cStride;
  block.c = out ? out : p_.c + (first_ + firstRow) * p_.cStride + column;
  block.columns = roundUp(std::min(panelColumns, p_.columns - column), lineFloats);
  block.sums = scratch;
  block.alpha = alpha_;
  block.beta = out ? 0 : p_.beta;
  for (std::size_t k = 0; k < depth_; k += lists_.depth, ++block.block) {
    if (left_) block.a = left_ + k;
    block.depth = std::min(lists_.depth, depth_ - k);
    block.first = k == 0;
    block.last = k + lists_.depth >= depth_;
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

namespace {

// body(product, row that it begins with, first column and rows of a tile, thread) for all tiles. Those of the same panel are neighbours, so that a thread
// keeps to its part of B.
template <class Body>
void forEachTile(Engine& engine, const Product& p, Body body) {
  const std::size_t most = std::max(leastGroup, ListedProduct::mostPlaces / (p.depth + 1) / listedRows * listedRows);
  for (std::size_t first = 0; first < p.rows; first += most) {
    const std::size_t rows = std::min(most, p.rows - first);
    const ListedProduct product(engine, p, engine.workspace().lists[0], first, rows);
    const std::size_t panels = blocksOf(p.columns, panelColumns), wanted = 2 * engine.threads();
    const std::size_t groups = std::max(blocksOf(rows, ListedProduct::tileRows), std::min(blocksOf(rows, 8), blocksOf(wanted, panels)));
    engine.parallelFor(panels * groups, product.work(), [&](std::size_t tile, unsigned thread) {
      const std::size_t group = tile % groups;
      body(product, first, tile / groups * panelColumns, rows * group / groups, rows * (group + 1) / groups, thread);
    });
  }
}

}  // namespace

void multiply(Engine& engine, const Product& p) {
  float* scratch = engine.workspace().perThread.atLeast(engine.threads() * ListedProduct::scratchFloats);
  forEachTile(engine, p,
              [&](const ListedProduct& product, std::size_t, std::size_t column, std::size_t first, std::size_t last, unsigned thread) {
                product.tile(column, first, last, scratch + thread * ListedProduct::scratchFloats);
              });
}

void multiply(Engine& engine, const Product& p, const std::function<void(const ProductTile&)>& use) {
  constexpr std::size_t tileFloats = ListedProduct::tileRows * panelColumns, perThread = ListedProduct::scratchFloats + tileFloats;
  float* scratch = engine.workspace().perThread.atLeast(engine.threads() * perThread);
  forEachTile(
      engine, p,
      [&](const ListedProduct& product, std::size_t start, std::size_t column, std::size_t first, std::size_t last, unsigned thread) {
        float* sums = scratch + thread * perThread;
        product.tile(column, first, last, sums + tileFloats, sums);
        use({start + first, last - first, column, std::min(panelColumns, p.columns - column), sums, panelColumns});
      });
}

}  // namespace boltzkit::cpu
