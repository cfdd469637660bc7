#include "cpu/rounded_weights.hpp"

#include <atomic>
#include <cmath>

#include "core/checked.hpp"

namespace boltzkit::cpu {
namespace {

using Copy = CpuTensor::RoundedCopy;

constexpr std::size_t leastWeights = std::size_t{1} << 15, leastDepth = 32;
constexpr std::size_t grain = RoundedUpdate::grain;

std::size_t blocksOf(std::size_t n, std::size_t size) { return (n + size - 1) / size; }

float largestWeight(Engine& engine, const CpuTensor& weights) {
  std::atomic<float> largest{0};
  const std::size_t tasks = blocksOf(weights.rows(), grain);
  engine.parallelFor(tasks, static_cast<double>(weights.rows() * weights.cols()) / 8, [&](std::size_t task, unsigned) {
    const std::size_t first = task * grain, rows = std::min(grain, weights.rows() - first);
    const float most = engine.kernels().largestOf(weights.row(first), rows * weights.stride());
    float seen = largest.load(std::memory_order_relaxed);
    while (most > seen && !largest.compare_exchange_weak(seen, most, std::memory_order_relaxed)) {
    }
  });
  return largest;
}

// 0 when there is none.
float unitFor(float largest) {
  if (!(largest > 0) || !std::isfinite(largest)) return 0;
  const double quarters = std::ceil(4 * std::log2(static_cast<double>(largest)));
  const auto unit = static_cast<float>(std::exp2(quarters / 4) / largestRounded);
  return largest / unit <= largestRounded ? unit : static_cast<float>(std::exp2((quarters + 1) / 4) / largestRounded);
}

// Words [pairs of rows, columns] of some rows; firstRow is even.
void writeUpright(const Kernels& kernels, const CpuTensor& weights, const float* rows, std::size_t firstRow, std::size_t count,
                  Copy& copy) {
  for (std::size_t r = 0; r < count; r += 2) {
    const float *upper = rows + r * weights.stride(), *lower = r + 1 < count ? upper + weights.stride() : nullptr;
    kernels.roundRows(upper, lower, weights.cols(), 1 / copy.unit, copy.words.data() + (firstRow + r) / 2 * copy.stride);
  }
}

// Words [pairs of columns, rows] of some rows; firstRow is a multiple of grain.
void writeTransposed(const Kernels& kernels, const CpuTensor& weights, const float* rows, std::size_t firstRow, std::size_t count,
                     Copy& copy, float* scratch) {
  const std::size_t pairs = blocksOf(weights.cols(), 2), stride = rowStride(roundUp(pairs, lineFloats));
  for (std::size_t first = 0; first < count; first += grain) {
    const std::size_t n = std::min(grain, count - first);
    for (std::size_t r = 0; r < n; ++r)
      kernels.roundNeighbours(rows + (first + r) * weights.stride(), weights.cols(), 1 / copy.unit, scratch + r * stride);
    kernels.transpose(scratch, stride, n, pairs, nullptr, copy.words.data() + firstRow + first, copy.stride);
  }
}

void write(const Kernels& kernels, const CpuTensor& weights, bool transposed, const float* rows, std::size_t firstRow, std::size_t count,
           float* scratch) {
  Copy& copy = weights.roundedCopy(transposed);
  if (transposed)
    writeTransposed(kernels, weights, rows, firstRow, count, copy, scratch);
  else
    writeUpright(kernels, weights, rows, firstRow, count, copy);
}

void fill(Engine& engine, const CpuTensor& weights, bool transposed) {
  const std::size_t perThread = RoundedUpdate::scratchFloats(weights);
  float* scratch = engine.workspace().rounding.atLeast(engine.threads() * perThread);
  engine.parallelFor(blocksOf(weights.rows(), grain), static_cast<double>(weights.rows() * weights.cols()) / 4,
                     [&](std::size_t task, unsigned thread) {
                       const std::size_t first = task * grain, count = std::min(grain, weights.rows() - first);
                       write(engine.kernels(), weights, transposed, weights.row(first), first, count, scratch + thread * perThread);
                     });
}

}  // namespace

const Copy* roundedCopy(Engine& engine, const CpuTensor& weights, bool transposed) {
  const std::size_t depth = transposed ? weights.cols() : weights.rows(), columns = transposed ? weights.rows() : weights.cols();
  if (depth < leastDepth || columns < leastDepth || depth * columns < leastWeights) return nullptr;
  Copy &copy = weights.roundedCopy(transposed), &other = weights.roundedCopy(!transposed);
  if (copy.version != weights.version()) {
    copy.unit = other.version == weights.version() ? other.unit : unitFor(largestWeight(engine, weights));
    copy.version = weights.version();
    copy.usable = copy.unit > 0 && copy.unit * std::sqrt(static_cast<double>(depth) / 12) <= fieldTolerance;
    if (copy.usable) {
      copy.stride = rowStride(columns);
      const std::size_t floats = roundUp(blocksOf(depth, 2), lineFloats) * copy.stride;
      if (copy.words.size() < floats) copy.words = LineBuffer(floats);
      fill(engine, weights, transposed);
    }
  }
  return copy.usable ? &copy : nullptr;
}

RoundedUpdate::RoundedUpdate(Engine& engine, const CpuTensor& weights) : kernels_(engine.kernels()), weights_(weights) {
  for (const bool transposed : {false, true}) {
    const Copy& copy = weights.roundedCopy(transposed);
    current_[transposed] = copy.usable && copy.version == weights.version();
  }
}

void RoundedUpdate::write(const float* rows, std::size_t firstRow, std::size_t count, float* scratch) const {
  for (const bool transposed : {false, true})
    if (current_[transposed]) cpu::write(kernels_, weights_, transposed, rows, firstRow, count, scratch);
}

void RoundedUpdate::finish(float largest) const {
  for (const bool transposed : {false, true}) {
    Copy& copy = weights_.roundedCopy(transposed);
    if (current_[transposed] && copy.unit == unitFor(largest)) copy.version = weights_.version();
  }
}

}  // namespace boltzkit::cpu
