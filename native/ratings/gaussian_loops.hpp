// The kernels of gaussian_kernels.hpp over the SIMD layer of one instruction set. Everything has
// internal linkage; see cpu/simd/vector.hpp for why.
#pragma once
#include "ratings/gaussian_kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Rows of a tile of the Gram matrix that is kept in registers, a vector wide.
constexpr std::size_t gramRows = lanes == 16 ? 16 : 8;

FORCE_INLINE void addDoubles(double* total, F sum) {
  D low, high;
  __builtin_memcpy(&low, total, sizeof low);
  __builtin_memcpy(&high, total + half, sizeof high);
  low += lowDoubles(sum);
  high += highDoubles(sum);
  __builtin_memcpy(total, &low, sizeof low);
  __builtin_memcpy(total + half, &high, sizeof high);
}

// Adds rows 'first ... first + gramRows - 1' of the Gram matrix of a block, columns `column` ...
FORCE_INLINE void gramTile(const float* block, std::size_t stride, std::size_t n, std::size_t first, std::size_t column, double* gram) {
  F sums[gramRows] = {};
  for (std::size_t e = 0; e < n; ++e) {
    const float* row = block + e * stride;
    const F right = load(row + column);
    for (std::size_t r = 0; r < gramRows; ++r) sums[r] = fma(broadcast(row + first + r), right, sums[r]);
  }
  for (std::size_t r = 0; r < gramRows; ++r) addDoubles(gram + (first + r) * stride + column, sums[r]);
}

FORCE_INLINE void sumsTile(const float* block, std::size_t stride, const float* targets, std::size_t n, std::size_t column, double* sums) {
  F weighted{}, plain{};
  for (std::size_t e = 0; e < n; ++e) {
    const F row = load(block + e * stride + column);
    weighted = fma(broadcast(targets + e), row, weighted);
    plain += row;
  }
  addDoubles(sums + column, weighted);
  addDoubles(sums + stride + column, plain);
}

void gram(const float* factors, std::size_t stride, const std::uint32_t* columns, const float* targets, std::size_t n, float* block,
          double* gram, double* sums) {
  for (std::size_t i = 0; i < stride * stride; ++i) gram[i] = 0;
  for (std::size_t i = 0; i < 2 * stride; ++i) sums[i] = 0;
  for (std::size_t begin = 0; begin < n; begin += ratings::gramBlock) {
    const std::size_t count = n - begin < ratings::gramBlock ? n - begin : ratings::gramBlock;
    for (std::size_t e = 0; e < count; ++e) {
      const float* from = factors + columns[begin + e] * stride;
      for (std::size_t j = 0; j < stride; j += lanes) store(block + e * stride + j, loadAnywhere(from + j));
    }
    for (std::size_t first = 0; first < stride; first += gramRows)
      for (std::size_t column = first / lanes * lanes; column < stride; column += lanes)
        gramTile(block, stride, count, first, column, gram);
    for (std::size_t column = 0; column < stride; column += lanes) sumsTile(block, stride, targets + begin, count, column, sums);
  }
}

FORCE_INLINE D loadDoubles(const double* p) {
  D v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
FORCE_INLINE void storeDoubles(double* p, D v) { __builtin_memcpy(p, &v, sizeof v); }

// row -= factor * from, from the vector that holds place `first` on.
FORCE_INLINE void subtract(double* row, double factor, const double* from, std::size_t first, std::size_t stride) {
  for (std::size_t j = first / half * half; j < stride; j += half)
    storeDoubles(row + j, loadDoubles(row + j) - (factor - D{}) * loadDoubles(from + j));
}

bool cholesky(double* a, std::size_t k) {
  const std::size_t stride = ratings::matrixStride(k);
  for (std::size_t i = 0; i < k; ++i) {
    double* row = a + i * stride;
    if (!(row[i] > 0)) return false;
    const double inverse = 1 / __builtin_sqrt(row[i]);
    if (!(inverse > 0)) return false;
    for (std::size_t j = i / half * half; j < stride; j += half) storeDoubles(row + j, (inverse - D{}) * loadDoubles(row + j));
    for (std::size_t below = i + 1; below < k; ++below) subtract(a + below * stride, row[below], row, below, stride);
  }
  return true;
}

void solveUpper(const double* u, std::size_t k, double* x) {
  const std::size_t stride = ratings::matrixStride(k);
  for (std::size_t i = k; i-- > 0;) {
    double sum = x[i];
    for (std::size_t j = i + 1; j < k; ++j) sum -= u[i * stride + j] * x[j];
    x[i] = sum / u[i * stride + i];
  }
}

void solveLower(const double* u, std::size_t k, double* x) {
  const std::size_t stride = ratings::matrixStride(k);
  for (std::size_t i = 0; i < k; ++i) {
    x[i] /= u[i * stride + i];
    for (std::size_t j = i + 1; j < k; ++j) x[j] -= u[i * stride + j] * x[i];
  }
}

// Sixteen partial sums per row, whatever the vectors' length, added up in pairs.
void products(const float* factors, std::size_t stride, std::size_t rows, const float* state, float* out) {
  constexpr std::size_t parts = ratings::factorLine / lanes;
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = factors + i * stride;
    F sums[parts] = {};
    for (std::size_t j = 0; j < stride; j += ratings::factorLine)
      for (std::size_t p = 0; p < parts; ++p) sums[p] = fma(loadAnywhere(row + j + p * lanes), load(state + j + p * lanes), sums[p]);
    float all[ratings::factorLine];
    for (std::size_t p = 0; p < parts; ++p) storeAnywhere(all + p * lanes, sums[p]);
    for (std::size_t width = ratings::factorLine / 2; width > 0; width /= 2)
      for (std::size_t j = 0; j < width; ++j) all[j] += all[j + width];
    out[i] += all[0];
  }
}

constexpr ratings::GaussianKernels gaussianTable(const char* isa) { return {isa, gram, cholesky, solveUpper, solveLower, products}; }

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
