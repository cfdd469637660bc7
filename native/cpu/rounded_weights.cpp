#include "cpu/rounded_weights.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/checked.hpp"
#include "cpu/largest.hpp"
#include "units/rows.hpp"

namespace boltzkit::cpu {
namespace {

using Copy = CpuTensor::RoundedCopy;

constexpr std::size_t leastWeights = std::size_t{1} << 15, leastDepth = 32;
constexpr std::size_t grain = RoundedUpdate::grain;

float largestOf(Engine& engine, const CpuTensor& weights) {
  CpuTensor::Largest& known = weights.largest();
  if (known.version == weights.version()) return known.value;
  std::atomic<float> largest{0};
  engine.parallelFor(blocksOf(weights.rows(), grain), static_cast<double>(weights.rows() * weights.cols()) / 8,
                     [&](std::size_t task, unsigned) {
                       const std::size_t first = task * grain, rows = std::min(grain, weights.rows() - first);
                       raise(largest, engine.kernels().largestOf(weights.row(first), rows * weights.stride()));
                     });
  known = {largest, weights.version()};
  return known.value;
}

// 0 when there is none.
float unitFor(float largest, bool shorts) {
  if (!(largest > 0) || !std::isfinite(largest)) return 0;
  const float most = shorts ? largestShort : largestRounded;
  const double eighths = std::ceil(8 * std::log2(static_cast<double>(largest)));
  const auto unit = static_cast<float>(std::exp2(eighths / 8) / most);
  return largest / unit <= most ? unit : static_cast<float>(std::exp2((eighths + 1) / 8) / most);
}

std::size_t depthOf(const CpuTensor& weights, bool transposed) { return transposed ? weights.cols() : weights.rows(); }

// Some rows of the matrix into a copy; firstRow is a multiple of grain.
class Writer {
 public:
  Writer(const Kernels& kernels, const CpuTensor& weights, const float* rows, std::size_t firstRow, std::size_t count, float* scratch)
      : kernels_(kernels), weights_(weights), rows_(rows), first_(firstRow), count_(count), scratch_(scratch) {}

  // Both layouts, or one of them.
  void write(bool shorts, bool upright, bool transposed) const {
    Copy* const up = upright ? &weights_.roundedCopy(shorts, false) : nullptr;
    Copy* const across = transposed ? &weights_.roundedCopy(shorts, true) : nullptr;
    if (up || across) shorts ? writeShorts(up, across) : writePairs(up, across);
  }

 private:
  RoundedRow row(std::size_t r) const { return {r < count_ ? rows_ + r * weights_.stride() : nullptr, first_ + r}; }

  // Words [pairs of rows, columns], and [pairs of columns, rows].
  void writePairs(Copy* upright, Copy* transposed) const {
    const float scale = 1 / (upright ? upright : transposed)->unit;
    const std::size_t columns = weights_.cols(), pairs = blocksOf(columns, 2), stride = rowStride(roundUp(pairs, lineFloats));
    for (std::size_t first = 0; first < count_; first += lineFloats) {
      const std::size_t n = std::min(lineFloats, count_ - first);
      for (std::size_t r = 0; r < n; r += 2) {
        float* const own = scratch_ + r * stride;
        float* const words = upright ? upright->words.data() + (first_ + first + r) / 2 * upright->stride : scratch_ + lineFloats * stride;
        kernels_.roundRows(row(first + r), row(first + r + 1), columns, scale, words);
        if (transposed) kernels_.neighbourWords(words, columns, own, own + stride);
      }
      if (transposed)
        kernels_.transpose(scratch_, stride, n, pairs, nullptr, transposed->words.data() + first_ + first, transposed->stride);
    }
  }

  // Words [rows, columns j and j + 16], and [columns, rows i and i + 16].
  void writeShorts(Copy* upright, Copy* transposed) const {
    const float scale = 1 / (upright ? upright : transposed)->unit;
    const std::size_t columns = weights_.cols(), stride = weights_.stride();
    for (std::size_t first = 0; first < count_; first += 2 * lineFloats) {
      const std::size_t n = std::min(lineFloats, count_ - first);
      for (std::size_t r = 0; r < n; ++r) {
        const std::size_t second = first + lineFloats + r;
        float* const words = scratch_ + r * stride;
        kernels_.roundRows(row(first + r), row(second), columns, scale, words);
        if (upright) kernels_.lineWords(words, columns, rowOf(*upright, first + r), second < count_ ? rowOf(*upright, second) : nullptr);
      }
      if (transposed)
        kernels_.transpose(scratch_, stride, n, columns, nullptr, transposed->words.data() + (first_ + first) / 2, transposed->stride);
    }
  }

  float* rowOf(Copy& copy, std::size_t r) const { return copy.words.data() + (first_ + r) * copy.stride; }

  const Kernels& kernels_;
  const CpuTensor& weights_;
  const float* rows_;
  const std::size_t first_, count_;
  float* const scratch_;
};

void fill(Engine& engine, const CpuTensor& weights, bool shorts, bool transposed) {
  const std::size_t perThread = RoundedUpdate::scratchFloats(weights);
  float* scratch = engine.workspace().rounding.atLeast(engine.threads() * perThread);
  engine.parallelFor(blocksOf(weights.rows(), grain), static_cast<double>(weights.rows() * weights.cols()),
                     [&](std::size_t task, unsigned thread) {
                       const std::size_t first = task * grain, count = std::min(grain, weights.rows() - first);
                       Writer(engine.kernels(), weights, weights.row(first), first, count, scratch + thread * perThread)
                           .write(shorts, !transposed, transposed);
                     });
}

}  // namespace

double toleranceOf(const UnitUpdate& update) {
  const CpuTensor& parameters = cpuTensor(*update.units.parameters);
  double beta = 1, widest = 1;
  for (const double b : update.betas) beta = std::max(beta, b);
  if (update.betas.empty()) beta = std::max(beta, update.beta);
  visitUnit(update.units.type, [&](auto unit) {
    using Unit = decltype(unit);
    const RowUnits<float> units{parameters.row(0), parameters.stride(), update.units.size, parameters.cols()};
    const std::size_t places = Unit::parameters == 1 ? 1 : units.places;
    for (std::size_t j = 0; j < places; ++j) widest = std::max(widest, static_cast<double>(Unit::widest(units.at(j))));
  });
  return fieldTolerance / (beta * widest);
}

bool roundable(Engine& engine, const CpuTensor& weights, bool shorts, bool transposed, double tolerance, double largestState) {
  const std::size_t depth = depthOf(weights, transposed), columns = depthOf(weights, !transposed);
  if (depth < leastDepth || columns < leastDepth || depth * columns < leastWeights) return false;
  const float unit = unitFor(largestOf(engine, weights), shorts);
  return unit > 0 && unit * std::sqrt(static_cast<double>(depth)) / 2 * largestState <= tolerance;
}

std::size_t roundedStride(bool shorts, std::size_t columns) {
  return rowStride(shorts ? blocksOf(columns, 2 * lineFloats) * lineFloats : columns);
}

const Copy& roundedCopy(Engine& engine, const CpuTensor& weights, bool shorts, bool transposed) {
  Copy& copy = weights.roundedCopy(shorts, transposed);
  if (copy.version == weights.version() && copy.rows == weights.rows()) return copy;
  copy.unit = unitFor(largestOf(engine, weights), shorts);
  copy.rows = weights.rows();
  copy.stride = roundedStride(shorts, depthOf(weights, !transposed));
  // A place more than there are: it stays zero.
  const std::size_t depth = depthOf(weights, transposed),
                    floats = roundUp(shorts ? depth + 1 : blocksOf(depth, 2), lineFloats) * copy.stride;
  if (copy.words.size() < floats) copy.words = LineBuffer(floats);
  fill(engine, weights, shorts, transposed);
  if (shorts) std::fill_n(copy.words.data() + depth * copy.stride, copy.stride, 0.0f);  // tensors may have had more rows before
  copy.version = weights.version();
  return copy;
}

RoundedUpdate::RoundedUpdate(Engine& engine, const CpuTensor& weights) : kernels_(engine.kernels()), weights_(weights) {
  for (const bool shorts : {false, true})
    for (const bool transposed : {false, true})
      current_[shorts][transposed] = weights.roundedCopy(shorts, transposed).version == weights.version();
}

void RoundedUpdate::write(const float* rows, std::size_t firstRow, std::size_t count, float* scratch) const {
  const Writer writer(kernels_, weights_, rows, firstRow, count, scratch);
  for (const bool shorts : {false, true}) writer.write(shorts, current_[shorts][false], current_[shorts][true]);
}

void RoundedUpdate::finish(float largest) const {
  weights_.largest() = {largest, weights_.version()};
  for (const bool shorts : {false, true})
    for (const bool transposed : {false, true}) {
      Copy& copy = weights_.roundedCopy(shorts, transposed);
      if (current_[shorts][transposed] && copy.unit == unitFor(largest, shorts)) copy.version = weights_.version();
    }
}

}  // namespace boltzkit::cpu
