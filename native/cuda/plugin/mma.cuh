// Tensor cores: products of bf16 numbers, added up in single precision, by the threads of a warp
// together. The layout of fragments is that of `mma.sync.m16n8k16` in the PTX ISA; the emulation for
// tests reads it the same way.
#pragma once
#include <cstdint>

#include "cuda/plugin/threads.cuh"

#if defined(__CUDACC__)
#define BOLTZKIT_UNROLL _Pragma("unroll")
#else
#define BOLTZKIT_UNROLL
#endif

namespace boltzkit::cuda {

// A warp multiplies [32, 16] by [16, 32]: 2 x 4 fragments of 16 x 8 results.
inline constexpr unsigned warpRows = 2, warpCols = 4, warpSide = 32, warpDepth = 16;

// What one thread holds of both factors, two bf16 numbers to a word.
struct Fragments {
  std::uint32_t left[warpRows][4];
  std::uint32_t right[warpCols][2];
};

// sums += left * right
__device__ inline void multiply(const Fragments& f, float (&sums)[warpRows][warpCols][4]) {
#if defined(__CUDACC__)
  BOLTZKIT_UNROLL for (unsigned m = 0; m < warpRows; ++m) BOLTZKIT_UNROLL for (unsigned n = 0; n < warpCols; ++n) {
    float(&d)[4] = sums[m][n];
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(f.left[m][0]), "r"(f.left[m][1]), "r"(f.left[m][2]), "r"(f.left[m][3]), "r"(f.right[n][0]), "r"(f.right[n][1]));
  }
#else
  const Fragments* const all = emulation::ofWarp(f, __FILE__, __LINE__);
  for (unsigned m = 0; m < warpRows; ++m)
    for (unsigned n = 0; n < warpCols; ++n)
      emulation::multiplyAdd([&](unsigned lane, unsigned word) { return all[lane].left[m][word]; },
                             [&](unsigned lane, unsigned word) { return all[lane].right[n][word]; }, sums[m][n]);
  __syncthreads();  // nobody may write the next fragments before all have read these
#endif
}

// The bf16 number that is nearest, as its bits.
__device__ inline std::uint32_t bf16Of(float value) {
  union {
    float number;
    std::uint32_t bits;
  } word{value};
  if (value != value) return 0x7fc0;
  return (word.bits + 0x7fffu + ((word.bits >> 16) & 1)) >> 16;
}

__device__ inline float floatOf(std::uint32_t bf16) {
  union {
    std::uint32_t bits;
    float number;
  } word{bf16 << 16};
  return word.number;
}

}  // namespace boltzkit::cuda
