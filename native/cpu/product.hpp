// Products: computes them whole or tile by tile. See product.cpp for the plan.
#pragma once
#include <functional>

#include "cpu/engine.hpp"
#include "cpu/product_terms.hpp"

namespace boltzkit::cpu {

void multiply(Engine& engine, const Product& product);

// A part of a product.
struct ProductTile {
  std::size_t firstRow, rows, firstColumn, columns;
  const float* sums;  // [rows, stride]
  std::size_t stride;
};
// Computes C tile by tile and draws units from it instead of storing it; c is not read and beta must
// be 0. `units` says which units a tile holds the fields of; several threads call it.
void multiply(Engine& engine, const Product& product, const std::function<BernoulliTile(const ProductTile&)>& units);

// scale * states * weights (+ out when accumulating) as a product.
Product fieldProduct(const FieldTerm& term, bool accumulate, double tolerance, CpuTensor& out);
// alpha sum_r weights[r] a[r, :]^T b[r, :] + beta out as a product.
Product statisticsProduct(const StatisticsTerm& term, double beta, CpuTensor& out);

}  // namespace boltzkit::cpu
