// A product whose left factor is listed and whose kernel is chosen.
#pragma once
#include "cpu/left_factor.hpp"

namespace boltzkit::cpu {

// Some rows of a product, with the kernel chosen: its tiles may then be worked out in any order, by any thread. Left factors that are known to be bits, or
// pairs of whole numbers, can be listed by each thread for itself, which costs less than to list them once and to pass the lists from core to core.
class ProductPlan {
 public:
  enum class Lists { shared, perThread };
  ProductPlan(Engine& engine, const Product& product, NonZeroBuffer& buffer, std::size_t firstRow, std::size_t rows, Lists lists);

  ProductPlan(const ProductPlan&) = delete;
  ProductPlan& operator=(const ProductPlan&) = delete;

  // Rows firstRow ... lastRow - 1 (at most tileRows) for the calling thread; before their tiles, and nothing to do where all have been listed.
  void list(std::size_t firstRow, std::size_t lastRow, ThreadNonZeros& own) const;
  // panelColumns columns of these rows, from `column` on, into C or into out [rows, panelColumns]; `scratch` of the thread that works.
  void tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, const ThreadNonZeros& own, float* scratch,
            float* out = nullptr) const;
  // What all tiles take, in the elementary steps of Engine::parallelFor.
  double work() const { return work_; }

  // Sums of a tile, 64 floats a row, have to stay in the caches next to the block of B.
  static constexpr std::size_t tileRows = 128;
  static constexpr std::size_t scratchFloats = (3 * tileRows + depthBlock) * panelColumns;
  // Places of A whose lists are held at a time.
  static constexpr std::size_t mostPlaces = std::size_t{1} << 21;

 private:
  bool chooseRounded();
  void chooseExact();
  bool mayRound(const ProductFamily& family, double largestState) const;
  NonZeroFacts listRounded(const ProductFamily& family, bool known);
  void takeRounded(const ProductFamily& family, std::size_t entries);
  NonZeroFacts listAll();
  NonZeroFacts listExact();
  void placeFloats();
  void readRows();
  double costOf(const ProductFamily& family, std::size_t entries) const;
  void placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const;

  Engine& engine_;
  const Kernels& kernels_;
  const Product p_;
  NonZeroBuffer& buffer_;
  const std::size_t first_, rows_;
  const std::uint64_t number_;
  bool perThread_;               // nothing has been listed yet
  bool listsPerThread_ = false;  // what perThread_ becomes if the rounded lists at work serve
  LeftFactor left_;
  NonZeros lists_{};
  const ProductFamily* family_ = nullptr;
  const float* a_ = nullptr;  // the left factor, for a family that reads its rows
  std::size_t aStride_ = 0;
  const float* b_ = nullptr;  // the right factor in the family's packing; null: its blocks are transposed on the way
  std::size_t bStride_ = 0;
  float alpha_;
  double work_ = 0;
};

}  // namespace boltzkit::cpu
