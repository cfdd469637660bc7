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
  // gram = sum w_k w_k^T, its upper triangle and some of the lower (others stay as they are), and
  // sums = [sum r_k w_k, sum w_k]. `block` has room for gramBlock rows.
  void (*gram)(const float* factors,          // [any, stride], row-major
               std::size_t stride,            // a multiple of factorLine
               const std::uint32_t* columns,  // [n]
               const float* targets,          // [n]
               std::size_t n,
               float* block,   // [gramBlock, stride], 64-byte aligned
               double* gram,   // [stride, stride], 64-byte aligned
               double* sums);  // [2, stride], 64-byte aligned
  // Replaces the upper triangle of a by U, a = U^T U. Returns false where a is not positive definite.
  // Elements below the diagonal lose their meaning.
  bool (*cholesky)(double* a,  // [k, matrixStride(k)], 64-byte aligned
                   std::size_t k);
  // x = U^-1 y for the U of `cholesky`, in place of y; and y = U^-T x.
  void (*solveUpper)(const double* u, std::size_t k, double* x);
  void (*solveLower)(const double* u, std::size_t k, double* x);  // x [matrixStride(k)], 64-byte aligned, may use its padding
  // out[i] += the product of row i of `factors` and `state`; rows lie one after the other.
  void (*products)(const float* factors,  // [rows, stride], row-major
                   std::size_t stride, std::size_t rows,
                   const float* state,  // [stride], 64-byte aligned
                   float* out);         // [rows]
};

// The kernels for this processor, or for what the environment variable BOLTZKIT_ISA names.
const GaussianKernels& gaussianKernels();
// All that this processor can run, best first.
std::vector<const GaussianKernels*> availableGaussianKernels();

extern const GaussianKernels gaussianPortable, gaussianAvx2, gaussianAvx512, gaussianNeon;

}  // namespace boltzkit::ratings
