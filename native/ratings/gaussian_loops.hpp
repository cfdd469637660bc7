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

// Rows ahead of the one that is copied, whose lines are asked for.
constexpr std::size_t ahead = 8;

void gram(const float* factors, std::size_t rowStride, std::size_t stride, const std::uint32_t* columns, const float* targets,
          std::size_t n, float* block, double* gram, double* sums) {
  for (std::size_t i = 0; i < stride * stride; ++i) gram[i] = 0;
  for (std::size_t i = 0; i < 2 * stride; ++i) sums[i] = 0;
  for (std::size_t begin = 0; begin < n; begin += ratings::gramBlock) {
    const std::size_t count = n - begin < ratings::gramBlock ? n - begin : ratings::gramBlock;
    for (std::size_t e = 0; e < count; ++e) {
      const float* from = factors + columns[begin + e] * rowStride;
      if (e + ahead < count)
        for (std::size_t j = 0; j < stride; j += ratings::factorLine)
          __builtin_prefetch(factors + columns[begin + e + ahead] * rowStride + j);
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

// The vectors of one row of U from `from` on, `count` of them: what the rows above leave of a's row.
template <std::size_t count>
FORCE_INLINE void choleskyRow(double* a, std::size_t i, std::size_t stride, std::size_t from) {
  D sums[count];
  for (std::size_t v = 0; v < count; ++v) sums[v] = loadDoubles(a + i * stride + from + v * half);
  for (std::size_t m = 0; m < i; ++m) {
    const double* above = a + m * stride;
    const D factor = above[i] - D{};
    for (std::size_t v = 0; v < count; ++v) sums[v] -= factor * loadDoubles(above + from + v * half);
  }
  for (std::size_t v = 0; v < count; ++v) storeDoubles(a + i * stride + from + v * half, sums[v]);
}

bool cholesky(double* a, std::size_t k) {
  const std::size_t stride = ratings::matrixStride(k);
  for (std::size_t i = 0; i < k; ++i) {
    double* row = a + i * stride;
    const std::size_t begin = i / half * half;
    std::size_t j = begin;
    for (; j + 6 * half <= stride; j += 6 * half) choleskyRow<6>(a, i, stride, j);
    for (; j + 3 * half <= stride; j += 3 * half) choleskyRow<3>(a, i, stride, j);
    for (; j < stride; j += half) choleskyRow<1>(a, i, stride, j);
    if (!(row[i] > 0)) return false;
    const double inverse = 1 / __builtin_sqrt(row[i]);
    if (!(inverse > 0)) return false;
    for (j = begin; j < stride; j += half) storeDoubles(row + j, (inverse - D{}) * loadDoubles(row + j));
  }
  return true;
}

// Eight partial sums per row, whatever the vectors' length.
void solveUpper(const double* u, std::size_t k, double* x) {
  constexpr std::size_t line = ratings::matrixLine, parts = line / half;
  const std::size_t stride = ratings::matrixStride(k);
  for (std::size_t i = k; i-- > 0;) {
    const double* row = u + i * stride;
    double sum = x[i];
    std::size_t j = i + 1;
    for (; j < stride && j % line != 0; ++j) sum -= row[j] * x[j];
    if (j < stride) {
      D sums[parts] = {};
      for (; j < stride; j += line)
        for (std::size_t p = 0; p < parts; ++p) sums[p] += loadDoubles(row + j + p * half) * loadDoubles(x + j + p * half);
      double all[line];
      for (std::size_t p = 0; p < parts; ++p) storeDoubles(all + p * half, sums[p]);
      for (std::size_t n = line / 2; n > 0; n /= 2)
        for (std::size_t c = 0; c < n; ++c) all[c] += all[c + n];
      sum -= all[0];
    }
    x[i] = sum / row[i];
  }
}

void solveLower(const double* u, std::size_t k, double* x) {
  const std::size_t stride = ratings::matrixStride(k);
  for (std::size_t i = 0; i < k; ++i) {
    x[i] /= u[i * stride + i];
    for (std::size_t j = i + 1; j < k; ++j) x[j] -= u[i * stride + j] * x[i];
  }
}

void rowSums(const float* rows, std::size_t rowStride, std::size_t stride, const std::uint32_t* columns, std::size_t n, float* sums) {
  for (std::size_t j = 0; j < stride; j += lanes) {
    F sum{};
    for (std::size_t e = 0; e < n; ++e) {
      if (j == 0 && e + ahead < n)
        for (std::size_t c = 0; c < stride; c += ratings::factorLine) __builtin_prefetch(rows + columns[e + ahead] * rowStride + c);
      sum += loadAnywhere(rows + columns[e] * rowStride + j);
    }
    store(sums + j, sum);
  }
}

// Products of `height` rows and `width` states: sixteen partial sums each, whatever the vectors'
// length, added up in pairs at the end.
template <std::size_t height, std::size_t width>
FORCE_INLINE void productTile(const float* rows, std::size_t length, const float* const* states, float* const* out, std::size_t first) {
  constexpr std::size_t parts = ratings::factorLine / lanes;
  F sums[height][width][parts] = {};
  for (std::size_t j = 0; j < length; j += lanes * parts)
    for (std::size_t p = 0; p < parts; ++p) {
      F state[width];
      for (std::size_t u = 0; u < width; ++u) state[u] = load(states[u] + j + p * lanes);
      for (std::size_t r = 0; r < height; ++r) {
        const F row = load(rows + r * length + j + p * lanes);
        for (std::size_t u = 0; u < width; ++u) sums[r][u][p] = fma(row, state[u], sums[r][u][p]);
      }
    }
  for (std::size_t r = 0; r < height; ++r)
    for (std::size_t u = 0; u < width; ++u) {
      float all[ratings::factorLine];
      for (std::size_t p = 0; p < parts; ++p) storeAnywhere(all + p * lanes, sums[r][u][p]);
      for (std::size_t n = ratings::factorLine / 2; n > 0; n /= 2)
        for (std::size_t j = 0; j < n; ++j) all[j] += all[j + n];
      out[u][first + r] = all[0];
    }
}

template <std::size_t height, std::size_t width>
FORCE_INLINE void productRows(const float* rows, std::size_t length, std::size_t count, const float* const* states, float* const* out) {
  std::size_t i = 0;
  for (; i + height <= count; i += height) productTile<height, width>(rows + i * length, length, states, out, i);
  for (; i < count; ++i) productTile<1, width>(rows + i * length, length, states, out, i);
}

void products(const float* rows, std::size_t length, std::size_t count, const float* const* states, std::size_t users, float* const* out) {
  // As many sums as the registers hold: 16, 8 (of two vectors) or 8 (of four).
  constexpr std::size_t height = lanes == 16 ? 4 : lanes == 8 ? 2 : 1, width = lanes == 16 ? 4 : 2;
  std::size_t u = 0;
  for (; u + width <= users; u += width) productRows<height, width>(rows, length, count, states + u, out + u);
  for (; u < users; ++u) productRows<height * 2, 1>(rows, length, count, states + u, out + u);
}

constexpr ratings::GaussianKernels gaussianTable(const char* isa) {
  return {isa, gram, rowSums, cholesky, solveUpper, solveLower, products};
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
