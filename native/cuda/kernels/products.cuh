// Products of matrices: fields and statistics, dense and along graphs. Dense ones are added up in
// single precision for 32 terms, and these sums in double precision, in an order that depends on
// the shapes alone.
#pragma once
#include "cuda/launch.hpp"

namespace boltzkit::cuda {

// A block of 16 x 16 threads makes a tile of 64 x 64 numbers, 4 x 4 by each thread, from slices of
// 16 terms.
inline constexpr unsigned tileSide = 64, tileDepth = 16, threadSide = 16, perThread = tileSide / threadSide;
inline constexpr unsigned singleDepth = 32;  // terms that are added up in single precision

inline unsigned tilesOf(std::size_t n) { return static_cast<unsigned>((n + tileSide - 1) / tileSide); }
inline Shape tileShape(std::size_t rows, std::size_t cols) { return {tilesOf(rows) * tilesOf(cols), threadSide * threadSide}; }

// A matrix as a product reads it: element (i, k) is at data[i * rowStride + k * depthStride].
// `weights`, if any, multiply the terms k.
struct Factor {
  const float* data;
  std::size_t count;  // rows of a left factor, columns of a right one
  std::size_t stride, depthStride;
  const float* weights = nullptr;
  __device__ float at(std::size_t i, std::size_t k) const { return data[i * stride + k * depthStride]; }
};

// out [left.count, right.count] = alpha * sum_k left(i, k) right(j, k) + beta * out; with beta 0,
// out is not read.
__global__ void productKernel(Factor left, Factor right, std::size_t depth, double alpha, double beta, float* out) {
  BOLTZKIT_SHARED(float, leftTile, tileDepth* tileSide);
  BOLTZKIT_SHARED(float, rightTile, tileDepth* tileSide);
  const unsigned tilesAcross = static_cast<unsigned>((right.count + tileSide - 1) / tileSide);
  const std::size_t firstRow = std::size_t{blockIdx.x / tilesAcross} * tileSide,
                    firstCol = std::size_t{blockIdx.x % tilesAcross} * tileSide;
  const unsigned y = threadIdx.x / threadSide, x = threadIdx.x % threadSide;
  float sums[perThread][perThread] = {};
  double totals[perThread][perThread] = {};
  for (std::size_t first = 0; first < depth; first += tileDepth) {
    for (unsigned e = threadIdx.x; e < tileDepth * tileSide; e += blockDim.x) {
      // Neighbouring threads read neighbouring memory, whichever way a factor lies.
      const unsigned leftAcross = left.depthStride == 1 ? e / tileDepth : e % tileSide,
                     leftDown = left.depthStride == 1 ? e % tileDepth : e / tileSide;
      const unsigned rightAcross = right.depthStride == 1 ? e / tileDepth : e % tileSide,
                     rightDown = right.depthStride == 1 ? e % tileDepth : e / tileSide;
      const std::size_t leftK = first + leftDown, rightK = first + rightDown;
      float value = 0;
      if (leftK < depth && firstRow + leftAcross < left.count) {
        value = left.at(firstRow + leftAcross, leftK);
        if (left.weights) value *= left.weights[leftK];
      }
      leftTile[leftDown * tileSide + leftAcross] = value;
      value = rightK < depth && firstCol + rightAcross < right.count ? right.at(firstCol + rightAcross, rightK) : 0.0f;
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
    if ((first + tileDepth) % singleDepth != 0 && first + tileDepth < depth) continue;
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
      float& place = out[row * right.count + col];
      place = static_cast<float>(alpha * totals[i][j] + (beta == 0 ? 0 : beta * static_cast<double>(place)));
    }
}

// A graph in the memory of the device; see core/graph.hpp.
struct GraphView {
  std::uint32_t size;
  const std::uint32_t* edges;       // the two units of each edge
  const std::uint64_t* starts;      // per unit: its neighbours begin here; one more at the end
  const std::uint32_t* neighbours;  // three numbers each: unit, edge, and 1 if it comes from the smaller end
  const std::uint32_t* order;

  __device__ std::size_t weight(const std::uint32_t* neighbour, std::uint32_t k, std::uint32_t l) const {
    const std::size_t edge = neighbour[1];
    return neighbour[2] ? (edge * size + k) * size + l : (edge * size + l) * size + k;
  }
};

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

__global__ void graphFieldsKernel(std::size_t n, std::size_t cols, GraphView graph, const float* weights, const float* states, double scale,
                                  bool accumulate, float* out) {
  for (const std::size_t i : pieces(n)) {
    const double field = scale * graphField(graph, weights, states + i / cols * cols, i % cols, 0, 1);
    out[i] = static_cast<float>((accumulate ? static_cast<double>(out[i]) : 0.0) + field);
  }
}

// A thread to a weight.
__global__ void edgeStatisticsKernel(std::size_t n, GraphView graph, std::size_t rows, std::size_t cols, const float* a, const float* b,
                                     const float* rowWeights, double alpha, double beta, float* out) {
  const std::uint32_t size = graph.size;
  for (const std::size_t w : pieces(n)) {
    const std::size_t edge = w / (std::size_t{size} * size), k = w / size % size, l = w % size;
    const std::size_t i = std::size_t{graph.edges[2 * edge]} * size + k, j = std::size_t{graph.edges[2 * edge + 1]} * size + l;
    double sum = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      const float *x = a + r * cols, *y = b + r * cols;
      const double both =
          (static_cast<double>(x[i]) * static_cast<double>(y[j]) + static_cast<double>(y[i]) * static_cast<double>(x[j])) / 2;
      sum += rowWeights ? static_cast<double>(rowWeights[r]) * both : both;
    }
    out[w] = static_cast<float>((beta == 0 ? 0 : beta * static_cast<double>(out[w])) + alpha * sum);
  }
}

}  // namespace boltzkit::cuda
