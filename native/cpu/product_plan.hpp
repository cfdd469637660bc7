// A product whose left factor is listed and whose kernel is chosen.
#pragma once
#include "cpu/left_factor.hpp"

namespace boltzkit::cpu {

// Some rows of a product, with the kernel chosen: its tiles may then be worked out in any order, by any thread. Left factors that are known to be bits, or
// pairs of whole numbers, can be listed by each thread for itself, which costs less than to list them once and to pass the lists from core to core.
class ProductPlan {
 public:
  enum class Lists { shared, perThread };
  ProductPlan(Engine& engine, const Product& product, NonZeroBuffer& scratch, std::size_t firstRow, std::size_t rows, Lists lists);

  ProductPlan(const ProductPlan&) = delete;
  ProductPlan& operator=(const ProductPlan&) = delete;

  // Rows firstRow ... lastRow - 1 (at most tileRows) for the calling thread; before their tiles, and nothing to do where all have been listed.
  void list(std::size_t firstRow, std::size_t lastRow, ThreadNonZeros& lists) const;
  // panelColumns columns of these rows, from `column` on, into C or into out [rows, panelColumns]; `scratch` of the thread that works.
  void tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, const ThreadNonZeros& lists, float* scratch,
            float* out = nullptr) const;
  // What all tiles take, in the elementary steps of Engine::parallelFor.
  double work() const { return work_; }

  // Sums of a tile, 64 floats a row, have to stay in the caches next to the block of B.
  static constexpr std::size_t tileRows = 128;
  static constexpr std::size_t scratchFloats = (3 * tileRows + depthBlock) * panelColumns;
  // Places of A whose lists are held at a time.
  static constexpr std::size_t mostPlaces = std::size_t{1} << 21;

 private:
  NonZeroFacts listAll();
  bool listRounded();
  bool mayRound(bool shorts, double largestState) const;
  NonZeroFacts listRounded(bool shorts, float scale, bool known);
  void takeRounded(bool shorts, float scale, const NonZeroFacts& scan);
  void useTransposedCopy();
  void listFloats();
  void transposeLeft();
  void choose(const NonZeroFacts& scan);
  void placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const;

  Engine& engine_;
  const Kernels& kernels_;
  Product p_;
  NonZeroBuffer& scratch_;
  const std::size_t first_, rows_;
  const std::uint64_t number_;
  bool byThread_;               // nothing has been listed yet
  bool listsByThread_ = false;  // what byThread_ is if the rounded lists at work serve
  LeftFactor left_;
  NonZeros lists_{};
  const float* dense_ = nullptr;  // the left factor for the dense kernel
  std::size_t denseStride_ = 0;
  const PackedCopy* rounded_ = nullptr;
  void (*kernel_)(const PanelBlock&) = nullptr;
  float alpha_;
  double work_ = 0;
};

}  // namespace boltzkit::cpu
