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

// A warp multiplies so many terms of each slice. Rows of slices are apart by so many words that the
// threads of a warp read from different banks.
inline constexpr unsigned warpTerms = 32;

template <Tile tile>
struct TileShape {
  static constexpr unsigned side = sideOf(tile);
  static constexpr unsigned splits = (tileSide / side) * (tileSide / side);  // warps that share the terms
  static constexpr unsigned depth = warpTerms * splits, pairs = depth / 2, pitch = pairs + 4;
  static constexpr unsigned pairsOfThread = side * pairs / threadsOfWarps;
  static_assert(4 * warpSide * warpSide == splits * side * side);
};

// The pairs of terms that the calling thread reads of a slice of a factor.
template <class Shape>
struct ThreadPairs {
  float first[Shape::pairsOfThread], second[Shape::pairsOfThread];
};

// Where in a slice pair number i of the calling thread is. Neighbouring threads read neighbouring
// memory, whichever way the factor lies.
struct PairPlace {
  unsigned row, pair;
};
template <class Shape>
__device__ inline PairPlace placeOf(const Factor& factor, unsigned i) {
  const unsigned e = threadIdx.x + i * threadsOfWarps;
  if (factor.depthStride == 1) return {e / Shape::pairs, e % Shape::pairs};
  return {e % Shape::side, e / Shape::side};
}

template <class Shape>
__device__ void read(const Factor& factor, std::size_t firstRow, std::size_t firstTerm, std::size_t depth, ThreadPairs<Shape>& out) {
  BOLTZKIT_UNROLL for (unsigned i = 0; i < Shape::pairsOfThread; ++i) {
    const PairPlace place = placeOf<Shape>(factor, i);
    const std::size_t row = firstRow + place.row, k = firstTerm + 2 * place.pair;
    out.first[i] = row < factor.count && k < depth ? factor.at(row, k) : 0.0f;
    out.second[i] = row < factor.count && k + 1 < depth ? factor.at(row, k + 1) : 0.0f;
    if (factor.weights) {
      if (k < depth) out.first[i] *= factor.weights[k];
      if (k + 1 < depth) out.second[i] *= factor.weights[k + 1];
    }
  }
}

// Writes what all threads have read as `parts` bf16 numbers to a value, two terms to a word.
template <unsigned parts, class Shape, class Slice>
__device__ void write(const Factor& factor, const ThreadPairs<Shape>& from, Slice& out) {
  BOLTZKIT_UNROLL for (unsigned i = 0; i < Shape::pairsOfThread; ++i) {
    const PairPlace place = placeOf<Shape>(factor, i);
    float first = from.first[i], second = from.second[i];
    BOLTZKIT_UNROLL for (unsigned p = 0; p < parts; ++p) {
      const std::uint32_t low = bf16Of(first), high = bf16Of(second);
      out[(p * Shape::side + place.row) * Shape::pitch + place.pair] = low | high << 16;
      first -= floatOf(low);
      second -= floatOf(high);
    }
    if constexpr (parts == 1) BOLTZKIT_CLAIM(!(first * first > 0) && !(second * second > 0));  // bf16 has them exactly
  }
}

// What one warp multiplies: rows from `row` on, columns from `col` on, terms of a slice from twice
// `pair` on.
struct WarpPlace {
  unsigned row, col, pair;
};
template <class Shape>
__device__ inline WarpPlace placeOfWarp() {
  const unsigned warp = threadIdx.x / 32;
  if constexpr (Shape::splits > 1) return {0, 0, warp * (warpTerms / 2)};
  return {warp / 2 * warpSide, warp % 2 * warpSide, 0};
}

using Sums = float[warpRows][warpCols][4];
using Totals = double[warpRows][warpCols][4];

// sums += the terms of one slice that are the calling warp's
template <unsigned leftParts, unsigned rightParts, class Shape, class Left, class Right>
__device__ void multiplySlices(Left& left, Right& right, const WarpPlace& warp, Sums& sums) {
  constexpr unsigned most = leftParts > rightParts ? leftParts : rightParts;
  const unsigned group = threadIdx.x % 32 / 4;
  BOLTZKIT_UNROLL for (unsigned step = 0; step < warpTerms / warpDepth; ++step) {
    const unsigned pair = warp.pair + step * (warpDepth / 2) + threadIdx.x % 4;
    BOLTZKIT_UNROLL for (unsigned p = 0; p < leftParts; ++p) {
      Fragments f;
      BOLTZKIT_UNROLL for (unsigned m = 0; m < warpRows; ++m) BOLTZKIT_UNROLL for (unsigned w = 0; w < 4; ++w) f.left[m][w] =
          left[(p * Shape::side + warp.row + 16 * m + group + w % 2 * 8) * Shape::pitch + pair + w / 2 * 4];
      // Products of two small parts are below what is kept.
      BOLTZKIT_UNROLL for (unsigned q = 0; p + q < most && q < rightParts; ++q) {
        BOLTZKIT_UNROLL for (unsigned n = 0; n < warpCols; ++n) BOLTZKIT_UNROLL for (unsigned w = 0; w < 2; ++w) f.right[n][w] =
            right[(q * Shape::side + warp.col + 8 * n + group) * Shape::pitch + pair + w * 4];
        multiply(f, sums);
      }
    }
  }
}

// Calls body(y, x, number) for each number of the tile that the calling thread holds.
template <class Body>
__device__ inline void eachOfThread(const WarpPlace& warp, const Totals& totals, Body&& body) {
  const unsigned group = threadIdx.x % 32 / 4, pair = threadIdx.x % 4;
  BOLTZKIT_UNROLL for (unsigned m = 0; m < warpRows; ++m) BOLTZKIT_UNROLL for (unsigned n = 0; n < warpCols; ++n)
      BOLTZKIT_UNROLL for (unsigned i = 0; i < 4; ++i)
          body(warp.row + 16 * m + group + i / 2 * 8, warp.col + 8 * n + pair * 2 + i % 2, totals[m][n][i]);
}

// Draws the Bernoulli units of a tile from their fields: a thread to four neighbouring units, which
// share one block of random words.
template <class Shape, class Call, class Fields>
__device__ void drawTile(const Call& c, const TileStart& start, Fields& fields, unsigned pitch) {
  constexpr unsigned groups = Shape::side / wordsPerBlock;
  for (unsigned e = threadIdx.x; e < Shape::side * groups; e += threadsOfWarps) {
    const unsigned y = e / groups, x = e % groups * wordsPerBlock;
    const std::size_t row = start.row + y, at = row * c.right.count;
    if (row >= c.left.count) continue;
    RowWords words(c.update.stream, static_cast<std::uint32_t>(c.update.firstChain + row));
    for (unsigned k = 0; k < wordsPerBlock; ++k) {
      const std::size_t col = start.col + x + k;
      if (col >= c.right.count) continue;
      const float field = fields[y * pitch + x + k], beta = c.update.betaOf(row);
      if (c.mean) c.mean[at + col] = Bernoulli::mean(field, beta, c.units.at(col));
      if (c.sample)
        redraw<Bernoulli>(c.units.at(col), &field, beta, c.update.draw, words, col, static_cast<const float*>(nullptr),
                          c.sample + at + col);
    }
  }
}

template <unsigned leftParts, unsigned rightParts, Tile tile>
__device__ void run(const TensorProduct<leftParts, rightParts, tile>& c) {
  using Shape = TileShape<tile>;
  constexpr unsigned fieldPitch = Shape::side + 4;
  BOLTZKIT_SHARED(std::uint32_t, left, leftParts * Shape::side * Shape::pitch);
  BOLTZKIT_SHARED(std::uint32_t, right, rightParts * Shape::side * Shape::pitch);
  BOLTZKIT_SHARED(float, fields, Shape::side* fieldPitch);
  const TileStart start = tileStart(c.right.count, Shape::side);
  const WarpPlace warp = placeOfWarp<Shape>();
  Totals totals = {};
  ThreadPairs<Shape> nextLeft, nextRight;
  read(c.left, start.row, 0, c.depth, nextLeft);
  read(c.right, start.col, 0, c.depth, nextRight);
  for (std::size_t first = 0; first < c.depth; first += Shape::depth) {
    write<leftParts>(c.left, nextLeft, left);
    write<rightParts>(c.right, nextRight, right);
    __syncthreads();
    // The next slice is on its way while this one is multiplied.
    if (first + Shape::depth < c.depth) {
      read(c.left, start.row, first + Shape::depth, c.depth, nextLeft);
      read(c.right, start.col, first + Shape::depth, c.depth, nextRight);
    }
    Sums sums = {};
    multiplySlices<leftParts, rightParts, Shape>(left, right, warp, sums);
    BOLTZKIT_UNROLL for (unsigned m = 0; m < warpRows; ++m) BOLTZKIT_UNROLL for (unsigned n = 0; n < warpCols; ++n)
        BOLTZKIT_UNROLL for (unsigned i = 0; i < 4; ++i) totals[m][n][i] += static_cast<double>(sums[m][n][i]);
    __syncthreads();
  }
  const auto put = [&](unsigned y, unsigned x, double total) {
    const std::size_t row = start.row + y, col = start.col + x;
    if (row >= c.left.count || col >= c.right.count) return;
    float* const place = c.out + row * c.right.count + col;
    const auto value = static_cast<float>(c.alpha * total + (c.beta == 0 ? 0 : c.beta * static_cast<double>(*place)));
    if (c.draws)
      fields[y * fieldPitch + x] = value;
    else
      *place = value;
  };
  if constexpr (Shape::splits > 1) {
    // Warp after warp adds its terms, so that the order of the sum is always the same.
    BOLTZKIT_SHARED(double, added, Shape::side* Shape::side);
    for (unsigned w = 0; w < Shape::splits; ++w) {
      if (threadIdx.x / 32 == w)
        eachOfThread(warp, totals, [&](unsigned y, unsigned x, double total) {
          const unsigned at = y * Shape::side + x;
          added[at] = w == 0 ? total : static_cast<double>(added[at]) + total;
        });
      __syncthreads();
    }
    for (unsigned e = threadIdx.x; e < Shape::side * Shape::side; e += threadsOfWarps) put(e / Shape::side, e % Shape::side, added[e]);
  } else {
    eachOfThread(warp, totals, put);
  }
  if (!c.draws) return;
  __syncthreads();
  drawTile<Shape>(c, start, fields, fieldPitch);
}

}  // namespace boltzkit::cuda
