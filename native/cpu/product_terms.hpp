// C = beta C + alpha A B, the one product behind fields and statistics: what it is of.
#pragma once
#include "cpu/tensor.hpp"

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

}  // namespace boltzkit::cpu
