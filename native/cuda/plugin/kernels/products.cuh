// Products of matrices: fields and statistics, dense and along graphs. Dense ones are added up in
// single precision for 32 terms, and these sums in double precision, in an order that depends on
// the shapes alone.
#pragma once
#include "cuda/calls.hpp"
#include "cuda/plugin/threads.cuh"

namespace boltzkit::cuda {

// A block of 16 x 16 threads makes a tile of 64 x 64 numbers, 4 x 4 by each thread, from slices of
// 16 terms.
inline constexpr unsigned tileDepth = 16, threadSide = 16, perThread = tileSide / threadSide;
inline constexpr unsigned singleDepth = 32;  // terms that are added up in single precision
static_assert(threadSide * threadSide == threadsPerBlock);

// Where the tile of the calling block begins, in a product of so many columns.
struct TileStart {
  std::size_t row, col;
};
__device__ inline TileStart tileStart(std::size_t cols, unsigned side = tileSide) {
  const unsigned across = static_cast<unsigned>((cols + side - 1) / side);
  return {std::size_t{blockIdx.x / across} * side, std::size_t{blockIdx.x % across} * side};
}

__device__ inline void run(const Product& c) {
  const Factor &left = c.left, &right = c.right;
  BOLTZKIT_SHARED(float, leftTile, tileDepth* tileSide);
  BOLTZKIT_SHARED(float, rightTile, tileDepth* tileSide);
  const auto [firstRow, firstCol] = tileStart(right.count);
  const unsigned y = threadIdx.x / threadSide, x = threadIdx.x % threadSide;
  float sums[perThread][perThread] = {};
  double totals[perThread][perThread] = {};
  for (std::size_t first = 0; first < c.depth; first += tileDepth) {
    for (unsigned e = threadIdx.x; e < tileDepth * tileSide; e += blockDim.x) {
      // Neighbouring threads read neighbouring memory, whichever way a factor lies.
      const unsigned leftAcross = left.depthStride == 1 ? e / tileDepth : e % tileSide,
                     leftDown = left.depthStride == 1 ? e % tileDepth : e / tileSide;
      const unsigned rightAcross = right.depthStride == 1 ? e / tileDepth : e % tileSide,
                     rightDown = right.depthStride == 1 ? e % tileDepth : e / tileSide;
      const std::size_t leftK = first + leftDown, rightK = first + rightDown;
      float value = 0;
      if (leftK < c.depth && firstRow + leftAcross < left.count) {
        value = left.at(firstRow + leftAcross, leftK);
        if (left.weights) value *= left.weights[leftK];
      }
      leftTile[leftDown * tileSide + leftAcross] = value;
      value = rightK < c.depth && firstCol + rightAcross < right.count ? right.at(firstCol + rightAcross, rightK) : 0.0f;
      rightTile[rightDown * tileSide + rightAcross] = value;
    }
    __syncthreads();
    for (unsigned k = 0; k < tileDepth; ++k) {
      float a[perThread], b[perThread];
      for (unsigned i = 0; i < perThread; ++i) a[i] = leftTile[k * tileSide + y + i * threadSide];
      for (unsigned j = 0; j < perThread; ++j) b[j] = rightTile[k * tileSide + x + j * threadSide];
      for (unsigned i = 0; i < perThread; ++i)
        for (unsigned j = 0; j < perThread; ++j) sums[i][j] += a[i] * b[j];
    }
    __syncthreads();
    if ((first + tileDepth) % singleDepth != 0 && first + tileDepth < c.depth) continue;
    for (unsigned i = 0; i < perThread; ++i)
      for (unsigned j = 0; j < perThread; ++j) {
        totals[i][j] += static_cast<double>(sums[i][j]);
        sums[i][j] = 0;
      }
  }
  for (unsigned i = 0; i < perThread; ++i)
    for (unsigned j = 0; j < perThread; ++j) {
      const std::size_t row = firstRow + y + i * threadSide, col = firstCol + x + j * threadSide;
      if (row >= left.count || col >= right.count) continue;
      float& place = c.out[row * right.count + col];
      place = static_cast<float>(c.alpha * totals[i][j] + (c.beta == 0 ? 0 : c.beta * static_cast<double>(place)));
    }
}

// The part of the field on a place that its neighbours from number `first` on make, every
// step-th of them.
__device__ inline double graphField(const GraphView& graph, const float* weights, const float* states, std::size_t place, std::size_t first,
                                    std::size_t step) {
  const std::size_t unit = place / graph.size;
  const auto k = static_cast<std::uint32_t>(place % graph.size);
  double sum = 0;
  for (std::uint64_t n = graph.starts[unit] + first; n < graph.starts[unit + 1]; n += step) {
    const std::uint32_t* neighbour = graph.neighbours + 3 * n;
    for (std::uint32_t l = 0; l < graph.size; ++l)
      sum += static_cast<double>(weights[graph.weight(neighbour, k, l)]) *
             static_cast<double>(states[std::size_t{neighbour[0]} * graph.size + l]);
  }
  return sum;
}

__device__ inline void run(const GraphFields& c) {
  for (const std::size_t i : pieces(c.n)) {
    const double field = c.scale * graphField(c.graph, c.weights, c.states + i / c.cols * c.cols, i % c.cols, 0, 1);
    c.out[i] = static_cast<float>((c.accumulate ? static_cast<double>(c.out[i]) : 0.0) + field);
  }
}

// A thread to a weight.
__device__ inline void run(const EdgeStatistics& c) {
  const std::size_t size = c.graph.size;
  for (const std::size_t w : pieces(c.n)) {
    const std::size_t edge = w / (size * size), k = w / size % size, l = w % size;
    const std::size_t i = c.graph.edges[2 * edge] * size + k, j = c.graph.edges[2 * edge + 1] * size + l;
    double sum = 0;
    for (std::size_t r = 0; r < c.rows; ++r) {
      const float *x = c.a + r * c.cols, *y = c.b + r * c.cols;
      const double both =
          (static_cast<double>(x[i]) * static_cast<double>(y[j]) + static_cast<double>(y[i]) * static_cast<double>(x[j])) / 2;
      sum += c.rowWeights ? static_cast<double>(c.rowWeights[r]) * both : both;
    }
    c.out[w] = static_cast<float>((c.beta == 0 ? 0 : c.beta * static_cast<double>(c.out[w])) + c.alpha * sum);
  }
}

}  // namespace boltzkit::cuda
