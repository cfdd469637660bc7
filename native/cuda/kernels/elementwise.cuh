// Kernels that take every element, row or place by itself.
#pragma once
#include "cuda/launch.hpp"
#include "units/rows.hpp"

namespace boltzkit::cuda {

// What a step decides about others, in the memory of the device. `stepped`: the last step was
// accepted.
struct OutcomeState {
  long long refused = -1;
  unsigned long long accepted = 0;
  int bad = 0, stepped = 0;  // bad: the first slot that would be out of bounds, see `noSlot`
};

__global__ void fillKernel(std::size_t n, float value, float* out) {
  for (const std::size_t i : pieces(n)) out[i] = value;
}

// y = alpha x + beta y; with an outcome only where it is a refusal, or is none.
__global__ void axpbyKernel(std::size_t n, double alpha, const float* x, double beta, float* y, const OutcomeState* outcome, bool refused) {
  if (outcome && (outcome->refused >= 0) != refused) return;
  for (const std::size_t i : pieces(n))
    y[i] = static_cast<float>(alpha * static_cast<double>(x[i]) + (beta == 0 ? 0 : beta * static_cast<double>(y[i])));
}

__global__ void gatherCodesKernel(std::size_t n, std::size_t cols, const std::uint32_t* rows, const std::uint8_t* codes, const float* table,
                                  float* out) {
  for (const std::size_t i : pieces(n)) out[i] = table[codes[rows[i / cols] * cols + i % cols]];
}

__global__ void gatherFloatsKernel(std::size_t n, std::size_t cols, const std::uint32_t* rows, const float* values, float* out) {
  for (const std::size_t i : pieces(n)) out[i] = values[rows[i / cols] * cols + i % cols];
}

// A thread to a row; `out` holds zeros.
__global__ void gatherSparseKernel(std::size_t count, std::size_t cols, const std::uint32_t* rows, const std::uint64_t* offsets,
                                   const std::uint32_t* indices, const float* values, float* out) {
  for (const std::size_t r : pieces(count))
    for (std::uint64_t i = offsets[rows[r]]; i < offsets[rows[r] + 1]; ++i) out[r * cols + indices[i]] = values[i];
}

__global__ void gatherColumnsKernel(std::size_t n, const float* from, const std::uint32_t* columns, float* out) {
  for (const std::size_t j : pieces(n)) out[j] = from[columns[j]];
}

__global__ void clampKernel(std::size_t n, std::size_t cols, const float* mask, bool oneMask, const float* values, bool oneValues,
                            float* states) {
  for (const std::size_t i : pieces(n))
    if (mask[oneMask ? i % cols : i] != 0) states[i] = values[oneValues ? i % cols : i];
}

__global__ void splitMissingKernel(std::size_t n, float* states, float* present) {
  for (const std::size_t i : pieces(n)) {
    const bool lacks = states[i] != states[i];  // NaN
    present[i] = lacks ? 0.0f : 1.0f;
    if (lacks) states[i] = 0;
  }
}

// One call of the generator makes four words, so a thread takes four neighbouring places of a row.
inline constexpr std::size_t wordsPerBlock = 4;
__host__ __device__ inline std::size_t groupsOf(std::size_t n) { return (n + wordsPerBlock - 1) / wordsPerBlock; }

__global__ void drawBinaryKernel(std::size_t rows, std::size_t cols, Stream stream, std::uint32_t firstChain, float* states) {
  const std::size_t groups = groupsOf(cols);
  for (const std::size_t i : pieces(rows * groups)) {
    const std::size_t row = i / groups, first = i % groups * wordsPerBlock;
    RowWords words(stream, static_cast<std::uint32_t>(firstChain + row));
    for (std::size_t k = 0; k < wordsPerBlock; ++k)
      if (first + k < cols) drawBinaryPlace(words, first + k, states + row * cols);
  }
}

__global__ void dropKernel(std::size_t rows, std::size_t cols, Stream stream, double threshold, float scale, const float* from,
                           float* out) {
  const std::size_t groups = groupsOf(cols);
  for (const std::size_t i : pieces(rows * groups)) {
    const std::size_t row = i / groups, first = i % groups * wordsPerBlock, at = row * cols;
    RowWords words(stream, static_cast<std::uint32_t>(row));
    for (std::size_t k = 0; k < wordsPerBlock; ++k)
      if (first + k < cols) out[at + first + k] = dropped(words, first + k, threshold, scale, from[at + first + k]);
  }
}

// A thread to a column.
__global__ void limitColumnsKernel(std::size_t rows, std::size_t cols, double limit, float* weights) {
  for (const std::size_t j : pieces(cols)) {
    double squares = 0;
    for (std::size_t i = 0; i < rows; ++i) {
      const double weight = static_cast<double>(weights[i * cols + j]);
      squares += weight * weight;
    }
    if (!(squares > limit * limit)) continue;
    const double factor = limit / sqrt(squares);
    for (std::size_t i = 0; i < rows; ++i) weights[i * cols + j] = static_cast<float>(static_cast<double>(weights[i * cols + j]) * factor);
  }
}

__global__ void mixVariancesKernel(std::size_t places, double rate, const double* moments, float* variances) {
  for (const std::size_t j : pieces(places)) {
    const double moved = rate * moments[j];
    const double mixed = (1 - rate) * static_cast<double>(variances[j]) + rate * moments[places + j] - moved * moved;
    variances[j] = static_cast<float>(mixed > 0 ? mixed : 0.0);
  }
}

// One block: the mean of the variances.
__global__ void meanVarianceKernel(std::size_t places, const float* variances, double* mean) {
  double own = 0;
  for (std::size_t j = threadIdx.x; j < places; j += blockDim.x) own += static_cast<double>(variances[j]);
  const double sum = blockSum(own);
  if (threadIdx.x == 0) *mean = sum / static_cast<double>(places);
}

__device__ inline double inverseDeviation(const float* variances, double least, double mean, std::size_t place) {
  const double smallest = least * least * mean, variance = static_cast<double>(variances[place]);
  return mean > 0 ? 1 / sqrt(variance > smallest ? variance : smallest) : 1;
}

__global__ void inverseDeviationsKernel(std::size_t places, const float* variances, double least, const double* mean, float* out) {
  for (const std::size_t j : pieces(places)) out[j] = static_cast<float>(inverseDeviation(variances, least, *mean, j));
}

// The product for both places that a weight of a graph joins. `edges` has the two units of each.
__global__ void inverseDeviationsAlongKernel(std::size_t weights, std::uint32_t size, const std::uint32_t* edges, const float* variances,
                                             double least, const double* mean, float* out) {
  for (const std::size_t w : pieces(weights)) {
    const std::size_t edge = w / (std::size_t{size} * size), k = w / size % size, l = w % size;
    const std::size_t i = std::size_t{edges[2 * edge]} * size + k, j = std::size_t{edges[2 * edge + 1]} * size + l;
    out[w] = static_cast<float>(inverseDeviation(variances, least, *mean, i) * inverseDeviation(variances, least, *mean, j));
  }
}

}  // namespace boltzkit::cuda
