// The inner loops of dense matrices in double precision and of sums of rows in single precision, once
// for each instruction set, chosen when the process starts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace boltzkit::ratings {

// Rows and columns of a tile. Divisible by the register blocks of all kernels; three tiles of doubles
// (216 KB) fit into the second-level cache.
inline constexpr std::size_t tileSize = 96;
inline constexpr std::size_t tileElements = tileSize * tileSize;

struct MatrixKernels {
  std::string_view isa;
  // c += a b; tiles, row-major, aligned to 64 bytes, c apart from a and b. Each element is a sum over
  // rising k. Kernels with fused multiply-adds round once per term, the portable one twice.
  void (*multiplyTiles)(const double* a, const double* b, double* c);
  // out[j] += sum over k of values[k] * matrix[rows[k] * stride + j] for j < columns, k rising in
  // groups of four.
  void (*addRows)(const float* matrix, std::size_t stride, const std::uint32_t* rows, const float* values, std::size_t count, float* out,
                  std::size_t columns);
};

extern const MatrixKernels matrixPortable;
#if defined(BOLTZKIT_HAVE_AVX2)
extern const MatrixKernels matrixAvx2;
#endif
#if defined(BOLTZKIT_HAVE_AVX512)
extern const MatrixKernels matrixAvx512;
#endif
#if defined(BOLTZKIT_HAVE_NEON)
extern const MatrixKernels matrixNeon;
#endif

// What this processor can run, best first.
std::vector<const MatrixKernels*> availableMatrixKernels();
// Those that BOLTZKIT_ISA names, or the best.
const MatrixKernels& matrixKernels();

}  // namespace boltzkit::ratings
