// The plan of a product: chooses its family and lists its left factor.
#pragma once
#include <algorithm>
#include <cmath>

#include "core/checked.hpp"
#include "cpu/left_factor.hpp"
#include "cpu/left_tiles.hpp"

namespace boltzkit::cpu {

// The plan for some rows of a product. Threads may then compute its tiles in any order. Each thread
// can list the left factor for itself where it is known to suit a family that rounds. That costs
// less than listing it once and passing the lists from core to core.
class ProductPlan {
 public:
  enum class Lists { shared, perThread };
  ProductPlan(Engine& engine, const Product& product, NonZeroBuffer& buffer, std::size_t firstRow, std::size_t rows, Lists lists);

  ProductPlan(const ProductPlan&) = delete;
  ProductPlan& operator=(const ProductPlan&) = delete;

  // Lists rows firstRow ... lastRow - 1 (at most tileRows) for the calling thread, before it
  // computes their tiles. Does nothing if all rows are listed already.
  void list(std::size_t firstRow, std::size_t lastRow, ThreadNonZeros& own) const;
  // Computes panelColumns columns of these rows, from `column` on, into C or, in its place, into out
  // [rows, panelColumns]; scratch [scratchFloats(depth)] belongs to the calling thread.
  void tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, const ThreadNonZeros& own, float* scratch, float* out = nullptr,
            const Upcoming& upcoming = {}) const;
  // Draws units from these rows of the panel at `column` instead, which begin at firstRow. Only where
  // draws().
  void draw(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch, const BernoulliTile& units) const;
  // True if units are best drawn while their fields are computed. Tiles then may have any number of
  // rows.
  bool draws() const { return family_->drawing && narrow_ && rows_ >= leastDrawnRows; }
  // No element of A B, times alpha, is above it. Infinite where nobody knows.
  double bound() const { return bound_; }
  // The work of all tiles, in the elementary steps of Engine::parallelFor.
  double work() const { return work_; }

  // A tile's sums, 64 floats a row, must stay in the caches next to the block of B.
  static constexpr std::size_t tileRows = 128;
  // With fewer rows, drawing units beside tiles takes longer than drawing them afterwards.
  static constexpr std::size_t leastDrawnRows = 256;
  // Sums and a block of B, or turned tiles of B.
  static std::size_t scratchFloats(std::size_t depth) {
    return std::max((3 * tileRows + depthBlock) * panelColumns, blocksOf(depth, byteTileDepth) * panelTileFloats);
  }
  // Places of A that are listed at a time.
  static constexpr std::size_t mostPlaces = std::size_t{1} << 21;

 private:
  bool chooseRounded();
  void chooseExact();
  bool mayRound(const ProductFamily& family, double largestState) const;
  NonZeroFacts listRounded(const ProductFamily& family, bool known);
  bool tilesPay(const ProductFamily& lists, std::size_t entries) const;
  TileFacts makeTiles(const ProductFamily& family);
  void takeRounded(const ProductFamily& family, std::size_t entries);
  NonZeroFacts listAll();
  bool chooseDense();
  bool mostlyNonZero() const;
  NonZeroFacts listExact();
  void placeFloats();
  void readRows();
  double costOf(const ProductFamily& family, std::size_t entries) const;
  PanelBlock blockOfTiles(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch) const;
  void placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const;

  Engine& engine_;
  const Kernels& kernels_;
  const Product p_;
  NonZeroBuffer& buffer_;
  const std::size_t first_, rows_;
  const std::uint64_t number_;
  bool perThread_;               // each thread lists its rows
  bool listsPerThread_ = false;  // perThread_ if the family being tried is chosen
  LeftFactor left_;
  LeftTiles leftTiles_;
  NonZeros lists_{};
  const ProductFamily* family_ = nullptr;
  const float* a_ = nullptr;  // the left factor, for a family that reads its rows
  std::size_t aStride_ = 0;
  const std::uint8_t *tiles_ = nullptr, *used_ = nullptr;  // for a family that reads them
  bool negative_ = false, narrow_ = false;
  // The right factor in the family's packing; null: its blocks are transposed on the way.
  const float* b_ = nullptr;
  std::size_t bStride_ = 0;
  float alpha_;
  double work_ = 0, bound_ = HUGE_VAL;
};

}  // namespace boltzkit::cpu
