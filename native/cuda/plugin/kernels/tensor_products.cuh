// Products on tensor cores. A factor whose values are exact in bf16 (states are) goes as it is, another
// as a sum of bf16 numbers: two of them have 16 bits of each value, three all 24 of single precision.
// Sums of 32 terms are taken over in double precision, in an order that depends on shapes alone: tensor
// cores cut off what single precision cannot hold, so errors of longer sums would have one sign.
#pragma once
#include "cuda/calls.hpp"
#include "cuda/plugin/kernels/products.cuh"
#include "cuda/plugin/mma.cuh"
#include "cuda/plugin/threads.cuh"
#include "units/rows.hpp"

namespace boltzkit::cuda {

// A block of four warps makes a tile of 64 x 64, a warp a quarter of it, from slices of 32 terms. Rows
// of slices are apart by so many words that the threads of a warp read from different banks.
inline constexpr unsigned sliceDepth = 32, pairsOfSlice = sliceDepth / 2, slicePitch = pairsOfSlice + 4;
inline constexpr unsigned fieldPitch = tileSide + 4;
static_assert(4 * warpSide * warpSide == tileSide * tileSide && threadsOfWarps == 128);

// Writes a slice of a factor as `parts` bf16 numbers to a value, two terms to a word.
template <unsigned parts, class Slice>
__device__ void slice(const Factor& factor, std::size_t firstRow, std::size_t firstTerm, std::size_t depth, Slice& out) {
  for (unsigned e = threadIdx.x; e < tileSide * pairsOfSlice; e += blockDim.x) {
    // Neighbouring threads read neighbouring memory, whichever way the factor lies.
    const bool along = factor.depthStride == 1;
    const unsigned across = along ? e / pairsOfSlice : e % tileSide, pair = along ? e % pairsOfSlice : e / tileSide;
    const std::size_t row = firstRow + across, k = firstTerm + 2 * pair;
    float first = 0, second = 0;
    if (row < factor.count && k < depth) {
      first = factor.at(row, k);
      if (factor.weights) first *= factor.weights[k];
    }
    if (row < factor.count && k + 1 < depth) {
      second = factor.at(row, k + 1);
      if (factor.weights) second *= factor.weights[k + 1];
    }
    BOLTZKIT_UNROLL for (unsigned p = 0; p < parts; ++p) {
      const std::uint32_t low = bf16Of(first), high = bf16Of(second);
      out[(p * tileSide + across) * slicePitch + pair] = low | high << 16;
      first -= floatOf(low);
      second -= floatOf(high);
    }
    if constexpr (parts == 1) BOLTZKIT_CLAIM(!(first * first > 0) && !(second * second > 0));  // bf16 has them exactly
  }
}

// The word of the calling thread in one half of the terms of a step, in this row of a part of a slice.
template <class Slice>
__device__ inline std::uint32_t wordOf(Slice& from, unsigned part, unsigned row, unsigned step, unsigned half) {
  return from[(part * tileSide + row) * slicePitch + step * (warpDepth / 2) + half * 4 + threadIdx.x % 4];
}

template <unsigned leftParts, unsigned rightParts>
__device__ void run(const TensorProduct<leftParts, rightParts>& c) {
  BOLTZKIT_SHARED(std::uint32_t, left, leftParts * tileSide * slicePitch);
  BOLTZKIT_SHARED(std::uint32_t, right, rightParts * tileSide * slicePitch);
  constexpr unsigned most = leftParts > rightParts ? leftParts : rightParts;
  const auto [firstRow, firstCol] = tileStart(c.right.count);
  const unsigned warp = threadIdx.x / 32, group = threadIdx.x % 32 / 4;
  const unsigned warpRow = warp / 2 * warpSide, warpCol = warp % 2 * warpSide;
  float sums[warpRows][warpCols][4] = {};
  double totals[warpRows][warpCols][4] = {};
  for (std::size_t first = 0; first < c.depth; first += sliceDepth) {
    slice<leftParts>(c.left, firstRow, first, c.depth, left);
    slice<rightParts>(c.right, firstCol, first, c.depth, right);
    __syncthreads();
    BOLTZKIT_UNROLL for (unsigned step = 0; step < sliceDepth / warpDepth; ++step) {
      BOLTZKIT_UNROLL for (unsigned p = 0; p < leftParts; ++p) {
        Fragments f;
        BOLTZKIT_UNROLL for (unsigned m = 0; m < warpRows; ++m) BOLTZKIT_UNROLL for (unsigned w = 0; w < 4; ++w) f.left[m][w] =
            wordOf(left, p, warpRow + 16 * m + group + w % 2 * 8, step, w / 2);
        // Products of two small parts are below what is kept.
        BOLTZKIT_UNROLL for (unsigned q = 0; p + q < most && q < rightParts; ++q) {
          BOLTZKIT_UNROLL for (unsigned n = 0; n < warpCols; ++n) BOLTZKIT_UNROLL for (unsigned w = 0; w < 2; ++w) f.right[n][w] =
              wordOf(right, q, warpCol + 8 * n + group, step, w);
          multiply(f, sums);
        }
      }
    }
    __syncthreads();
    BOLTZKIT_UNROLL for (unsigned m = 0; m < warpRows; ++m) BOLTZKIT_UNROLL for (unsigned n = 0; n < warpCols; ++n)
        BOLTZKIT_UNROLL for (unsigned i = 0; i < 4; ++i) {
      totals[m][n][i] += static_cast<double>(sums[m][n][i]);
      sums[m][n][i] = 0;
    }
  }
  BOLTZKIT_SHARED(float, fields, tileSide* fieldPitch);
  BOLTZKIT_UNROLL for (unsigned m = 0; m < warpRows; ++m) BOLTZKIT_UNROLL for (unsigned n = 0; n < warpCols; ++n)
      BOLTZKIT_UNROLL for (unsigned i = 0; i < 4; ++i) {
    const unsigned y = warpRow + 16 * m + group + i / 2 * 8, x = warpCol + 8 * n + threadIdx.x % 4 * 2 + i % 2;
    const std::size_t row = firstRow + y, col = firstCol + x;
    if (row >= c.left.count || col >= c.right.count) continue;
    float* const place = c.out + row * c.right.count + col;
    const auto value = static_cast<float>(c.alpha * totals[m][n][i] + (c.beta == 0 ? 0 : c.beta * static_cast<double>(*place)));
    if (c.draws)
      fields[y * fieldPitch + x] = value;
    else
      *place = value;
  }
  if (!c.draws) return;
  __syncthreads();
  // A thread to four neighbouring units, which share one block of random words.
  constexpr unsigned groups = tileSide / wordsPerBlock;
  for (unsigned e = threadIdx.x; e < tileSide * groups; e += blockDim.x) {
    const unsigned y = e / groups, x = e % groups * wordsPerBlock;
    const std::size_t row = firstRow + y, at = row * c.right.count;
    if (row >= c.left.count) continue;
    RowWords words(c.update.stream, static_cast<std::uint32_t>(c.update.firstChain + row));
    for (unsigned k = 0; k < wordsPerBlock; ++k) {
      const std::size_t col = firstCol + x + k;
      if (col >= c.right.count) continue;
      const float field = fields[y * fieldPitch + x + k], beta = c.update.betaOf(row);
      if (c.mean) c.mean[at + col] = Bernoulli::mean(field, beta, c.units.at(col));
      if (c.sample)
        redraw<Bernoulli>(c.units.at(col), &field, beta, c.update.draw, words, col, static_cast<const float*>(nullptr),
                          c.sample + at + col);
    }
  }
}

}  // namespace boltzkit::cuda
