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
  float* c;  // [rows, columns]
  std::size_t cStride;
  float alpha = 1, beta = 0;
};

void multiply(Engine& engine, const Product& product);

}  // namespace boltzkit::cpu
