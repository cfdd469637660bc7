// Kernels that take every element, row or place by itself.
#pragma once
#include "cuda/calls.hpp"
#include "cuda/plugin/threads.cuh"
#include "units/rows.hpp"

namespace boltzkit::cuda {

__device__ inline void run(const Fill& c) {
  for (const std::size_t i : pieces(c.n)) c.out[i] = c.value;
}

__device__ inline void run(const Axpby& c) {
  if (c.outcome && (c.outcome->refused >= 0) != c.refused) return;
  for (const std::size_t i : pieces(c.n))
    c.y[i] = static_cast<float>(c.alpha * static_cast<double>(c.x[i]) + (c.beta == 0 ? 0 : c.beta * static_cast<double>(c.y[i])));
}

__device__ inline void run(const GatherCodes& c) {
  for (const std::size_t i : pieces(c.n)) c.out[i] = c.table[c.codes[c.rows[i / c.cols] * c.cols + i % c.cols]];
}

__device__ inline void run(const GatherFloats& c) {
  for (const std::size_t i : pieces(c.n)) c.out[i] = c.values[c.rows[i / c.cols] * c.cols + i % c.cols];
}

// A thread to a row.
__device__ inline void run(const GatherSparse& c) {
  for (const std::size_t r : pieces(c.count)) {
    const std::size_t row = c.rows[r];
    for (std::uint64_t i = c.offsets[row]; i < c.offsets[row + 1]; ++i) c.out[r * c.cols + c.indices[i]] = c.values[i];
  }
}

__device__ inline void run(const GatherColumns& c) {
  for (const std::size_t j : pieces(c.n)) c.out[j] = c.from[c.columns[j]];
}

__device__ inline void run(const Clamp& c) {
  for (const std::size_t i : pieces(c.n))
    if (c.mask[c.oneMask ? i % c.cols : i] != 0) c.states[i] = c.values[c.oneValues ? i % c.cols : i];
}

__device__ inline void run(const SplitMissing& c) {
  for (const std::size_t i : pieces(c.n)) {
    const bool lacks = c.states[i] != c.states[i];  // NaN
    c.present[i] = lacks ? 0.0f : 1.0f;
    if (lacks) c.states[i] = 0;
  }
}

__device__ inline void run(const DrawBinary& c) {
  const std::size_t groups = groupsOf(c.cols);
  for (const std::size_t i : pieces(c.rows * groups)) {
    const std::size_t row = i / groups, first = i % groups * wordsPerBlock;
    RowWords words(c.stream, static_cast<std::uint32_t>(c.firstChain + row));
    for (std::size_t k = 0; k < wordsPerBlock; ++k)
      if (first + k < c.cols) drawBinaryPlace(words, first + k, c.states + row * c.cols);
  }
}

__device__ inline void run(const Drop& c) {
  const std::size_t groups = groupsOf(c.cols);
  for (const std::size_t i : pieces(c.rows * groups)) {
    const std::size_t row = i / groups, first = i % groups * wordsPerBlock, at = row * c.cols;
    RowWords words(c.stream, static_cast<std::uint32_t>(row));
    for (std::size_t k = 0; k < wordsPerBlock; ++k)
      if (first + k < c.cols) c.out[at + first + k] = dropped(words, first + k, c.threshold, c.scale, c.from[at + first + k]);
  }
}

// A thread to a column.
__device__ inline void run(const LimitColumns& c) {
  for (const std::size_t j : pieces(c.cols)) {
    double squares = 0;
    for (std::size_t i = 0; i < c.rows; ++i) {
      const double weight = static_cast<double>(c.weights[i * c.cols + j]);
      squares += weight * weight;
    }
    if (!(squares > c.limit * c.limit)) continue;
    const double factor = c.limit / sqrt(squares);
    for (std::size_t i = 0; i < c.rows; ++i) {
      float& weight = c.weights[i * c.cols + j];
      weight = static_cast<float>(static_cast<double>(weight) * factor);
    }
  }
}

// A thread to a row.
__device__ inline void run(const CategoryErrors& c) {
  for (const std::size_t r : pieces(c.rows)) {
    const std::size_t at = r * c.categories;
    categoryErrorsOf(c.logs + at, c.categories, c.rowWeights ? static_cast<double>(c.rowWeights[r]) : 1.0, c.targets + at, c.out + at);
  }
}

__device__ inline void run(const MixVariances& c) {
  for (const std::size_t j : pieces(c.places)) {
    const double moved = c.rate * c.moments[j];
    const double mixed = (1 - c.rate) * static_cast<double>(c.variances[j]) + c.rate * c.moments[c.places + j] - moved * moved;
    c.variances[j] = static_cast<float>(mixed > 0 ? mixed : 0.0);
  }
}

__device__ inline void run(const MeanVariance& c) {
  double own = 0;
  for (std::size_t j = threadIdx.x; j < c.places; j += blockDim.x) own += static_cast<double>(c.variances[j]);
  const double sum = blockSum(own);
  if (threadIdx.x == 0) *c.mean = sum / static_cast<double>(c.places);
}

__device__ inline double inverseDeviation(const float* variances, double least, double mean, std::size_t place) {
  const double smallest = least * least * mean, variance = static_cast<double>(variances[place]);
  return mean > 0 ? 1 / sqrt(variance > smallest ? variance : smallest) : 1;
}

__device__ inline void run(const InverseDeviations& c) {
  for (const std::size_t j : pieces(c.places)) c.out[j] = static_cast<float>(inverseDeviation(c.variances, c.least, *c.mean, j));
}

__device__ inline void run(const InverseDeviationsAlong& c) {
  const std::size_t size = c.size;
  for (const std::size_t w : pieces(c.weights)) {
    const std::size_t edge = w / (size * size), k = w / size % size, l = w % size;
    const std::size_t i = c.edges[2 * edge] * size + k, j = c.edges[2 * edge + 1] * size + l;
    c.out[w] = static_cast<float>(inverseDeviation(c.variances, c.least, *c.mean, i) * inverseDeviation(c.variances, c.least, *c.mean, j));
  }
}

}  // namespace boltzkit::cuda
