#include "cpu/rounded_weights.hpp"

#include <atomic>
#include <cmath>

#include "core/checked.hpp"

namespace boltzkit::cpu {
namespace {

constexpr std::size_t leastWeights = std::size_t{1} << 15, leastDepth = 32;
// Rows of weights that are rounded by one task.
constexpr std::size_t roundedRows = 16;

std::size_t blocksOf(std::size_t n, std::size_t size) { return (n + size - 1) / size; }

float largestWeight(Engine& engine, const CpuTensor& weights) {
  std::atomic<float> largest{0};
  const std::size_t tasks = blocksOf(weights.rows(), roundedRows);
  engine.parallelFor(tasks, static_cast<double>(weights.rows() * weights.cols()) / 8, [&](std::size_t task, unsigned) {
    const std::size_t first = task * roundedRows, rows = std::min(roundedRows, weights.rows() - first);
    const float most = engine.kernels().largestOf(weights.row(first), rows * weights.stride());
    float seen = largest.load(std::memory_order_relaxed);
    while (most > seen && !largest.compare_exchange_weak(seen, most, std::memory_order_relaxed)) {
    }
  });
  return largest;
}

using Copy = CpuTensor::RoundedCopy;

// Words [pairs of rows, columns].
void roundUpright(Engine& engine, const CpuTensor& weights, float scale, Copy& copy) {
  const std::size_t pairs = blocksOf(weights.rows(), 2);
  engine.parallelFor(pairs, static_cast<double>(weights.rows() * weights.cols()) / 8, [&](std::size_t pair, unsigned) {
    const float* lower = 2 * pair + 1 < weights.rows() ? weights.row(2 * pair + 1) : nullptr;
    engine.kernels().roundRows(weights.row(2 * pair), lower, weights.cols(), scale, copy.words.data() + pair * copy.stride);
  });
}

// Words [pairs of columns, rows].
void roundTransposed(Engine& engine, const CpuTensor& weights, float scale, Copy& copy) {
  const std::size_t pairs = blocksOf(weights.cols(), 2), stride = rowStride(roundUp(pairs, lineFloats)), perThread = roundedRows * stride;
  float* scratch = engine.workspace().perThread.atLeast(engine.threads() * perThread);
  const std::size_t tasks = blocksOf(weights.rows(), roundedRows);
  engine.parallelFor(tasks, static_cast<double>(weights.rows() * weights.cols()) / 4, [&](std::size_t task, unsigned thread) {
    const std::size_t first = task * roundedRows, rows = std::min(roundedRows, weights.rows() - first);
    float* words = scratch + thread * perThread;
    for (std::size_t r = 0; r < rows; ++r)
      engine.kernels().roundNeighbours(weights.row(first + r), weights.cols(), scale, words + r * stride);
    engine.kernels().transpose(words, stride, rows, pairs, nullptr, copy.words.data() + first, copy.stride);
  });
}

}  // namespace

const Copy* roundedCopy(Engine& engine, const CpuTensor& weights, bool transposed) {
  const std::size_t depth = transposed ? weights.cols() : weights.rows(), columns = transposed ? weights.rows() : weights.cols();
  if (depth < leastDepth || columns < leastDepth || depth * columns < leastWeights) return nullptr;
  Copy &copy = weights.roundedCopy(transposed), &other = weights.roundedCopy(!transposed);
  if (copy.version != weights.version()) {
    copy.version = weights.version();
    copy.unit = other.version == weights.version() ? other.unit : largestWeight(engine, weights) / largestRounded;
    if (copy.unit > 0 && std::isfinite(copy.unit) && copy.unit * std::sqrt(static_cast<double>(depth) / 12) <= fieldTolerance) {
      copy.stride = rowStride(columns);
      const std::size_t floats = roundUp(blocksOf(depth, 2), lineFloats) * copy.stride;
      if (copy.words.size() < floats) copy.words = LineBuffer(floats);
      (transposed ? roundTransposed : roundUpright)(engine, weights, 1 / copy.unit, copy);
      copy.usable = true;
    } else {
      copy.usable = false;
    }
  }
  return copy.usable ? &copy : nullptr;
}

}  // namespace boltzkit::cpu
