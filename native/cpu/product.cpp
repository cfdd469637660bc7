// A product runs in two parallel loops:
//  1. over rows of A: transpose them if need be and list the places that are not zero;
//  2. over tiles of C, panels of 64 columns times groups of rows: block of k by block of k, by the active sets or densely,
//     whichever the counts of loop 1 make cheaper. B is read where it lies, or its blocks are transposed on the way.
// Every element of C is one sum over rising k, whatever the kernel, the tiling and the number of threads, so none of these choices, nor
// the order in which threads come by, shows in the result.
#include "cpu/product.hpp"

#include <algorithm>
#include <atomic>

#include "core/checked.hpp"

namespace boltzkit::cpu {
namespace {

// Rows of C per tile: their sums, 64 floats each, have to stay in the caches next to the block of B.
constexpr std::size_t tileRows = 128;
// Rows of A per listing task; a multiple of 16, the transposition's grain.
constexpr std::size_t listRows = 16;
// Fewer rows do not fill the dense kernel's registers and cost it as much as these.
constexpr std::size_t leastDenseRows = 6;
// Places of A whose lists are held at a time; longer products go through in groups of rows.
constexpr std::size_t listedPlaces = std::size_t{1} << 21, leastGroup = 64;

std::size_t blocksOf(std::size_t n, std::size_t size) { return (n + size - 1) / size; }

class Plan {
 public:
  Plan(Engine& engine, const Product& product) : engine_(engine), kernels_(engine.kernels()), p_(product) {}

  void run() {
    const std::size_t group = std::max<std::size_t>(leastGroup, listedPlaces / (p_.depth + 1) / listRows * listRows);
    for (first_ = 0; first_ < p_.rows; first_ += group) {
      rows_ = std::min(group, p_.rows - first_);
      list();
      multiplyTiles();
    }
  }

 private:
  // Loop 1. Offsets in the lists count floats from the block's first row of B, or of its transposed copy.
  void list() {
    reserve();
    const std::size_t tasks = blocksOf(rows_, listRows);
    std::atomic<std::size_t> count{0};
    std::atomic<bool> binary{true}, full{false};
    engine_.parallelFor(tasks, static_cast<double>(rows_ * p_.depth) / 8, [&](std::size_t task, unsigned) {
      const std::size_t first = task * listRows, last = std::min(first + listRows, rows_);
      if (p_.aTransposed) transposeLeft(first, last);
      if (full.load(std::memory_order_relaxed)) return;
      const RowScan scan = listTask(first, last);
      count.fetch_add(scan.count, std::memory_order_relaxed);
      if (!scan.binary) binary.store(false, std::memory_order_relaxed);
      if (tooFull(scan.count, last - first)) full.store(true, std::memory_order_relaxed);
    });
    choose(count, binary, full);
  }

  RowScan listTask(std::size_t first, std::size_t last) const {
    RowScan all{0, true};
    for (std::size_t r = first; r < last; ++r) {
      const RowScan scan = kernels_.listRow(left_ + r * leftStride_, p_.depth, listStride(), lists_, r);
      all = {all.count + scan.count, all.binary && scan.binary};
    }
    return all;
  }

  // Dense rows are not worth listing to the end: one task that is nearly full decides for all.
  bool tooFull(std::size_t count, std::size_t rows) const {
    return rows >= leastDenseRows && static_cast<double>(count) > 0.9 * static_cast<double>(rows * p_.depth);
  }

  void choose(std::size_t count, bool binary, bool full) {
    const double active = static_cast<double>(count) * (binary ? kernels_.costBinary : kernels_.costReal);
    const double dense = static_cast<double>(std::max(rows_, leastDenseRows) * p_.depth) * kernels_.costDense;
    kernel_ = full || dense < active ? kernels_.dense : binary ? kernels_.activeBinary : kernels_.activeReal;
    work_ = std::min(full ? dense : active, dense) * static_cast<double>(p_.columns) / 16;
  }

  void reserve() {
    Workspace& w = engine_.workspace();
    lists_.stride = roundUp(p_.depth, lineFloats) + lineFloats;  // a whole vector may be written behind the last entry
    lists_.startStride = blocksOf(p_.depth, depthBlock) + 1;
    lists_.offset = w.offsets.atLeast(rows_ * lists_.stride);
    lists_.value = w.values.atLeast(rows_ * lists_.stride);
    lists_.start = w.starts.atLeast(rows_ * lists_.startStride);
    if (p_.aTransposed) {
      leftStride_ = rowStride(p_.depth);
      left_ = leftCopy_ = w.left.atLeast(roundUp(rows_, lineFloats) * leftStride_);
    } else {
      leftStride_ = p_.aStride;
      left_ = p_.a + first_ * p_.aStride;
    }
  }

  void transposeLeft(std::size_t first, std::size_t last) const {
    kernels_.transpose(p_.a + first_ + first, p_.aStride, p_.depth, last - first, p_.weights, leftCopy_ + first * leftStride_, leftStride_);
  }

  std::size_t listStride() const { return p_.bTransposed ? panelColumns : p_.bStride; }

  // Loop 2. Tiles of the same panel are neighbours, so that a thread keeps to its part of B.
  void multiplyTiles() {
    const std::size_t panels = blocksOf(p_.columns, panelColumns);
    const std::size_t wanted = 2 * engine_.threads();
    const std::size_t groups = std::max(blocksOf(rows_, tileRows), std::min(blocksOf(rows_, 8), blocksOf(wanted, panels)));
    float* scratch = engine_.workspace().perThread.atLeast(engine_.threads() * scratchPerThread);
    engine_.parallelFor(panels * groups, work_, [&](std::size_t tile, unsigned thread) {
      const std::size_t group = tile % groups;
      multiplyTile(tile / groups * panelColumns, rows_ * group / groups, rows_ * (group + 1) / groups, scratch + thread * scratchPerThread);
    });
  }

  void multiplyTile(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch) const {
    PanelBlock block{};
    block.firstRow = firstRow;
    block.lastRow = lastRow;
    block.lda = leftStride_;
    block.lists = lists_;
    block.ldc = p_.cStride;
    block.c = p_.c + first_ * p_.cStride + column;
    block.columns = roundUp(std::min(panelColumns, p_.columns - column), lineFloats);
    block.sums = scratch;
    block.alpha = p_.alpha;
    block.beta = p_.beta;
    for (std::size_t k = 0; k < p_.depth; k += depthBlock, ++block.block) {
      block.a = left_ + k;
      block.depth = std::min(depthBlock, p_.depth - k);
      block.first = k == 0;
      block.last = k + depthBlock >= p_.depth;
      placeB(block, k, column, scratch + tileRows * panelColumns);
      kernel_(block);
    }
  }

  void placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const {
    if (!p_.bTransposed) {
      block.b = p_.b + k * p_.bStride + column;
      block.ldb = p_.bStride;
      return;
    }
    const std::size_t columns = std::min(panelColumns, p_.columns - column);
    kernels_.transpose(p_.b + column * p_.bStride + k, p_.bStride, columns, block.depth, nullptr, copy, panelColumns);
    block.b = copy;
    block.ldb = panelColumns;
  }

  // Sums of a tile and a transposed block of B.
  static constexpr std::size_t scratchPerThread = (tileRows + depthBlock) * panelColumns;

  Engine& engine_;
  const Kernels& kernels_;
  const Product& p_;
  std::size_t first_ = 0, rows_ = 0;  // the group of rows at work
  RowLists lists_{};
  const float* left_ = nullptr;
  float* leftCopy_ = nullptr;
  std::size_t leftStride_ = 0;
  void (*kernel_)(const PanelBlock&) = nullptr;
  double work_ = 0;
};

}  // namespace

void multiply(Engine& engine, const Product& product) { Plan(engine, product).run(); }

}  // namespace boltzkit::cpu
