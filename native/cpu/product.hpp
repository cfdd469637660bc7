// C = beta C + alpha A B, the one product behind fields and statistics. See product.cpp for the plan.
#pragma once
#include <functional>

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
  // The tensor that B is the whole of, whose copies may serve; null: B is a part. `roundable`: so may those that are rounded, if A holds nothing but
  // whole numbers up to 255 or nothing but grey levels (and there are no weights).
  const CpuTensor* matrix = nullptr;
  const CpuTensor* left = nullptr;  // the tensor that A is the whole of; null: A is a part
  bool roundable = false;
  float* c;  // [rows, columns]
  std::size_t cStride;
  float alpha = 1, beta = 0;
};

void multiply(Engine& engine, const Product& product);

// A finished part of a product.
struct ProductTile {
  std::size_t firstRow, rows, firstColumn, columns;
  const float* sums;  // [rows, stride]
  std::size_t stride;
};
// A product that goes nowhere but, tile by tile, to `use` (c and beta are not looked at); threads call it, each for other tiles.
void multiply(Engine& engine, const Product& product, const std::function<void(const ProductTile&)>& use);

// scale * states * weights (+ out when accumulating) as a product.
Product fieldProduct(const FieldTerm& term, bool accumulate, CpuTensor& out);
// alpha sum_r weights[r] a[r, :]^T b[r, :] + beta out as a product.
Product statisticsProduct(const StatisticsTerm& term, double beta, CpuTensor& out);

// Some rows of a product, the left factor listed or transposed and the kernel chosen: its tiles may then be worked out in any order, by any thread.
class ListedProduct {
 public:
  ListedProduct(Engine& engine, const Product& product, ListScratch& scratch, std::size_t firstRow, std::size_t rows);

  // Rows firstRow ... lastRow - 1 (at most tileRows) of panelColumns columns from `column` on, into C or into out [rows, panelColumns];
  // `scratch` of the thread that works.
  void tile(std::size_t column, std::size_t firstRow, std::size_t lastRow, float* scratch, float* out = nullptr) const;
  // What all tiles take, in the elementary steps of Engine::parallelFor.
  double work() const { return work_; }

  // Sums of a tile, 64 floats a row, have to stay in the caches next to the block of B.
  static constexpr std::size_t tileRows = 128;
  static constexpr std::size_t scratchFloats = (tileRows + depthBlock) * panelColumns;
  // Places of A whose lists are held at a time.
  static constexpr std::size_t mostPlaces = std::size_t{1} << 21;

 private:
  void reserve(std::size_t places, std::size_t block, std::size_t ldb);
  template <class Body>
  void forEachTask(Body body);
  bool listRounded();
  bool listRounded(bool shorts, float scale);
  void useTransposedCopy();
  void listRows();
  void listColumns();
  RowScan rowOf(std::size_t r, std::uint32_t* next) const;
  RowScan columnsOf(std::size_t first, std::size_t last, float scale, std::uint32_t* next, unsigned thread) const;
  void transposeLeft();
  void choose(std::size_t count, bool binary);
  void placeB(PanelBlock& block, std::size_t k, std::size_t column, float* copy) const;

  Engine& engine_;
  const Kernels& kernels_;
  Product p_;
  ListScratch& scratch_;
  const std::size_t first_, rows_;
  std::size_t depth_;  // places, or pairs of places
  std::size_t ldb_;    // of what is listed for
  RowLists lists_{};
  std::size_t tasks_ = 0, taskRows_ = 0, region_ = 0;  // who lists what, and the room for one block of it
  std::uint32_t* columns_ = nullptr;
  const float* left_ = nullptr;
  const std::uint64_t* bits_ = nullptr;  // of the left factor
  const CpuTensor::RoundedCopy* rounded_ = nullptr;
  std::size_t leftStride_ = 0;
  void (*kernel_)(const PanelBlock&) = nullptr;
  float alpha_;
  double work_ = 0;
};

}  // namespace boltzkit::cpu
