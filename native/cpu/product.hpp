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
  // The tensor that B is the whole of, whose copies may serve; null: B is a part. So may those that are rounded, if A holds nothing but whole numbers up to
  // 255 or nothing but grey levels (and there are no weights), and sums are then off by errors of standard deviation `tolerance` at most; 0: they may not.
  const CpuTensor* matrix = nullptr;
  const CpuTensor* left = nullptr;  // the tensor that A is the whole of; null: A is a part
  double tolerance = 0;
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
Product fieldProduct(const FieldTerm& term, bool accumulate, double tolerance, CpuTensor& out);
// alpha sum_r weights[r] a[r, :]^T b[r, :] + beta out as a product.
Product statisticsProduct(const StatisticsTerm& term, double beta, CpuTensor& out);

}  // namespace boltzkit::cpu
