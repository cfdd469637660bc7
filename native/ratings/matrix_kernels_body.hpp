// What the kernels of all instruction sets share. A kernel file defines BOLTZKIT_MATRIX_ISA (a
// namespace), D and S (vectors of doubles and floats), fmaD, fmaS, and the register block: blockRows
// and blockVectors. All has internal linkage and uses no inline function of the standard library:
// the linker must not merge code for one instruction set with that of another.
#pragma once
#include "ratings/matrix_kernels.hpp"

namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA {
namespace {

constexpr std::size_t lanesD = sizeof(D) / sizeof(double), lanesS = sizeof(S) / sizeof(float);
constexpr std::size_t blockColumns = blockVectors * lanesD;
static_assert(tileSize % blockRows == 0 && tileSize % blockColumns == 0);

// A block of c in registers, over the whole depth of a tile.
__attribute__((always_inline)) inline void multiplyBlock(const double* a, const double* b, double* c) {
  D sums[blockRows][blockVectors];
  for (std::size_t r = 0; r < blockRows; ++r)
    for (std::size_t v = 0; v < blockVectors; ++v) sums[r][v] = *reinterpret_cast<const D*>(c + r * tileSize + v * lanesD);
  for (std::size_t k = 0; k < tileSize; ++k) {
    D right[blockVectors];
    for (std::size_t v = 0; v < blockVectors; ++v) right[v] = *reinterpret_cast<const D*>(b + k * tileSize + v * lanesD);
    for (std::size_t r = 0; r < blockRows; ++r) {
      const D left = a[r * tileSize + k] - D{};
      for (std::size_t v = 0; v < blockVectors; ++v) sums[r][v] = fmaD(left, right[v], sums[r][v]);
    }
  }
  for (std::size_t r = 0; r < blockRows; ++r)
    for (std::size_t v = 0; v < blockVectors; ++v) *reinterpret_cast<D*>(c + r * tileSize + v * lanesD) = sums[r][v];
}

void multiplyTiles(const double* a, const double* b, double* c) {
  for (std::size_t column = 0; column < tileSize; column += blockColumns)
    for (std::size_t row = 0; row < tileSize; row += blockRows) multiplyBlock(a + row * tileSize, b + column, c + row * tileSize + column);
}

__attribute__((always_inline)) inline S loadS(const float* p) {
  S v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// Four rows at a time, so that `out` is read and written once for four of them.
void addRows(const float* matrix, std::size_t stride, const std::uint32_t* rows, const float* values, std::size_t count, float* out,
             std::size_t columns) {
  const std::size_t whole = columns / lanesS * lanesS;
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4) {
    const float *r0 = matrix + rows[k] * stride, *r1 = matrix + rows[k + 1] * stride, *r2 = matrix + rows[k + 2] * stride,
                *r3 = matrix + rows[k + 3] * stride;
    const float v0 = values[k], v1 = values[k + 1], v2 = values[k + 2], v3 = values[k + 3];
    const S s0 = v0 - S{}, s1 = v1 - S{}, s2 = v2 - S{}, s3 = v3 - S{};
    for (std::size_t j = 0; j < whole; j += lanesS) {
      const S sum = fmaS(s3, loadS(r3 + j), fmaS(s2, loadS(r2 + j), fmaS(s1, loadS(r1 + j), fmaS(s0, loadS(r0 + j), loadS(out + j)))));
      __builtin_memcpy(out + j, &sum, sizeof sum);
    }
    for (std::size_t j = whole; j < columns; ++j) out[j] += v0 * r0[j] + v1 * r1[j] + v2 * r2[j] + v3 * r3[j];
  }
  for (; k < count; ++k) {
    const float* row = matrix + rows[k] * stride;
    const float value = values[k];
    const S scale = value - S{};
    for (std::size_t j = 0; j < whole; j += lanesS) {
      const S sum = fmaS(scale, loadS(row + j), loadS(out + j));
      __builtin_memcpy(out + j, &sum, sizeof sum);
    }
    for (std::size_t j = whole; j < columns; ++j) out[j] += value * row[j];
  }
}

}  // namespace
}  // namespace boltzkit::ratings::BOLTZKIT_MATRIX_ISA
