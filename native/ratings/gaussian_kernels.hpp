// Inner loops of the Gaussian rating machine, as a table per instruction set. All of them give the
// same bits with AVX-512, AVX2 and NEON: a number is always added up in the order of the entries.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace boltzkit::ratings {

// Rows of factors are padded with zeros to a multiple of this many floats.
inline constexpr std::size_t factorLine = 16;
// Rows that `gram` gathers at a time, and adds up in single precision before they join the total.
inline constexpr std::size_t gramBlock = 128;
// Rows of a symmetric matrix of doubles start at multiples of this many doubles.
inline constexpr std::size_t matrixLine = 8;

constexpr std::size_t factorStride(std::size_t d) { return (d + factorLine - 1) / factorLine * factorLine; }
constexpr std::size_t matrixStride(std::size_t k) { return (k + matrixLine - 1) / matrixLine * matrixLine; }

struct GaussianKernels {
  const char* isa;
  // Over the rows w_k of `factors` that `columns` names, k = 0 ... n - 1, and their targets r_k:
  // gram = sum w_k w_k^T, its upper triangle and some of the lower (others are zero), and
  // sums = [sum r_k w_k, sum w_k]. `block` has room for gramBlock rows.
  void (*gram)(const float* factors,                       // rows of `stride` floats, `rowStride` floats apart
               std::size_t rowStride, std::size_t stride,  // multiples of factorLine
               const std::uint32_t* columns,               // [n]
               const float* targets,                       // [n]
               std::size_t n,
               float* block,   // [gramBlock, stride], 64-byte aligned
               double* gram,   // [stride, stride], 64-byte aligned
               double* sums);  // [2, stride], 64-byte aligned
  // sums[c] = the sum of column c of the rows that `columns` names.
  void (*rowSums)(const float* rows, std::size_t rowStride, std::size_t stride, const std::uint32_t* columns, std::size_t n,
                  float* sums);  // [stride], 64-byte aligned
  // Replaces the upper triangle of a by U, a = U^T U. Returns false where a is not positive definite.
  // Elements below the diagonal lose their meaning; the padding must hold zeros.
  bool (*cholesky)(double* a,  // [k, matrixStride(k)], 64-byte aligned
                   std::size_t k);
  // x = U^-1 x and x = U^-T x for the U of `cholesky`; x [matrixStride(k)], 64-byte aligned, is padded
  // with zeros.
  void (*solveUpper)(const double* u, std::size_t k, double* x);
  void (*solveLower)(const double* u, std::size_t k, double* x);
  // out[u][i] = the product of row i and states[u]. A product does not depend on what else is asked.
  void (*products)(const float* rows,   // [count, length], row-major, 64-byte aligned
                   std::size_t length,  // a multiple of factorLine
                   std::size_t count,
                   const float* const* states,  // [users] of [length], 64-byte aligned
                   std::size_t users,
                   float* const* out);  // [users] of [count]
};

// The kernels for this processor, or for what the environment variable BOLTZKIT_ISA names.
const GaussianKernels& gaussianKernels();
// All that this processor can run, best first.
std::vector<const GaussianKernels*> availableGaussianKernels();

extern const GaussianKernels gaussianPortable, gaussianAvx2, gaussianAvx512, gaussianNeon;

}  // namespace boltzkit::ratings
