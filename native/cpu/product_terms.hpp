// The terms of C = beta C + alpha A B, the one product behind fields and statistics.
#pragma once
#include "cpu/tensor.hpp"

namespace boltzkit::cpu {

struct Product {
  // A [rows, depth]. With aTransposed, `a` is stored as [depth, rows], and row k of it is
  // multiplied by weights[k] unless weights is null.
  const float* a;
  std::size_t aStride;
  bool aTransposed = false;
  const float* weights = nullptr;
  std::size_t rows, depth, columns;
  // B [depth, columns]; with bTransposed `b` is stored as [columns, depth].
  const float* b;
  std::size_t bStride;
  bool bTransposed = false;
  // The tensor that B is, if B is a whole one; its copies may serve. Null: B is a part of a tensor.
  const CpuTensor* matrix = nullptr;
  const CpuTensor* left = nullptr;  // the tensor that A is, if A is a whole one; else null
  // The largest standard deviation that errors of sums may have; 0: rounded copies may not serve.
  // They serve where A holds only whole numbers up to 255, or only grey levels. Above 0, `matrix`
  // must be given and `weights` be null.
  double tolerance = 0;
  float* c;  // [rows, columns]
  std::size_t cStride;
  float alpha = 1, beta = 0;
};

}  // namespace boltzkit::cpu
