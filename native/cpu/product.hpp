// C = beta C + alpha A B, the one product behind fields and statistics. See product.cpp for the plan.
#pragma once
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

struct Product {
  // A [rows, depth]; with aTransposed `a` is stored as [depth, rows], and row k of it is multiplied by weights[k] unless null.
  const float* a;
  std::size_t aStride;
  bool aTransposed = false;
  const float* weights = nullptr;
  std::size_t rows, depth, columns;
  // B [depth, columns]; with bTransposed `b` is stored as [columns, depth].
  const float* b;
  std::size_t bStride;
  bool bTransposed = false;
  // B rounded to 16 bits, which serves if A holds nothing but whole numbers up to 255 or nothing but grey levels (and there are no weights); null:
  // not at hand.
  const CpuTensor::RoundedCopy* rounded = nullptr;
  float* c;  // [rows, columns]
  std::size_t cStride;
  float alpha = 1, beta = 0;
};

void multiply(Engine& engine, const Product& product);
// alpha sum_r weights[r] a[r, :]^T b[r, :] + beta out as a product.
Product statisticsProduct(Engine& engine, const StatisticsTerm& term, double beta, CpuTensor& out);

// Some rows of a product, the left factor listed or transposed and the kernel chosen: its tiles may then be worked out in any order, by any thread.
class ListedProduct {
 public:
  ListedProduct(Engine& engine, const Product& product, ListScratch& scratch, std::size_t firstRow, std::size_t rows);

  // Rows firstRow ... lastRow - 1 (at most tileRows) of panelColumns columns from `column` on; `scratch` of the thread that works.
  void tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch) const;
  // What all tiles take, in the elementary steps of Engine::parallelFor.
  double work() const { return work_; }

  // Sums of a tile, 64 floats a row, have to stay in the caches next to the block of B.
  static constexpr std::size_t tileRows = 128;
  static constexpr std::size_t scratchFloats = (tileRows + depthBlock) * panelColumns;
  // Places of A whose lists are held at a time.
  static constexpr std::size_t mostPlaces = std::size_t{1} << 21;

 private:
  void reserve(ListScratch& scratch);
  template <class Body>
  void forEachTask(Body body);
  bool listWords(float scale);
  void listRows();
  void listColumns();
  RowScan columnsOf(std::size_t first, std::size_t last, float scale, std::uint32_t* next, unsigned thread) const;
  void transposeLeft();
  void choose(std::size_t count, bool binary);
  void placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const;
  std::size_t listStride() const;

  Engine& engine_;
  const Kernels& kernels_;
  const Product p_;
  const std::size_t first_, rows_;
  std::size_t depth_;  // places, or pairs of places
  RowLists lists_{};
  std::size_t tasks_ = 0, taskRows_ = 0, region_ = 0;  // who lists what, and the room for one block of it
  std::uint32_t* columns_ = nullptr;
  const float* left_ = nullptr;
  float* leftCopy_ = nullptr;
  std::size_t leftStride_ = 0;
  void (*kernel_)(const PanelBlock&) = nullptr;
  float alpha_;
  double work_ = 0;
};

}  // namespace boltzkit::cpu
