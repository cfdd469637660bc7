#include "cpu/rounded_weights.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/checked.hpp"
#include "cpu/largest.hpp"
#include "units/rows.hpp"

namespace boltzkit::cpu {
namespace {

constexpr std::size_t leastWeights = std::size_t{1} << 15, leastDepth = 32;

float largestOf(Engine& engine, const CpuTensor& weights) {
  CpuTensor::Largest& known = weights.largest();
  if (known.version == weights.version()) return known.value;
  std::atomic<float> largest{0};
  engine.parallelFor(blocksOf(weights.rows(), RoundedUpdate::grain), static_cast<double>(weights.rows() * weights.cols()) / 8,
                     [&](std::size_t task, unsigned) {
                       const std::size_t first = task * RoundedUpdate::grain, rows = std::min(RoundedUpdate::grain, weights.rows() - first);
                       raise(largest, engine.kernels().largestOf(weights.row(first), rows * weights.stride()));
                     });
  known = {largest, weights.version()};
  return known.value;
}

// 0 if there is no unit.
float unitFor(float largest, Packing packing) {
  if (!(largest > 0) || !std::isfinite(largest)) return 0;
  const float most = formatOf(packing).largest;
  const double eighths = std::ceil(8 * std::log2(static_cast<double>(largest)));
  const auto unit = static_cast<float>(std::exp2(eighths / 8) / most);
  return largest / unit <= most ? unit : static_cast<float>(std::exp2((eighths + 1) / 8) / most);
}

struct Shape {
  std::size_t depth, columns;
};

// The shape of the right factor that a copy stands for.
Shape shapeOf(const CpuTensor& weights, Orientation orientation) {
  if (orientation == Orientation::transposed) return {weights.cols(), weights.rows()};
  return {weights.rows(), weights.cols()};
}

void fill(Engine& engine, const CpuTensor& weights, Packing packing, Orientation orientation) {
  PackedCopy* const copy = &weights.packedCopy(packing, orientation);
  const bool upright = orientation == Orientation::upright;
  const std::size_t perThread = RoundedUpdate::scratchFloats(weights);
  float* scratch = engine.workspace().rounding.atLeast(engine.threads() * perThread);
  engine.parallelFor(
      blocksOf(weights.rows(), RoundedUpdate::grain), static_cast<double>(weights.rows() * weights.cols()),
      [&](std::size_t task, unsigned thread) {
        const std::size_t first = task * RoundedUpdate::grain, count = std::min(RoundedUpdate::grain, weights.rows() - first);
        const RowsToPack rows{
            engine.kernels(), weights.row(first), weights.stride(), weights.cols(), first, count, scratch + thread * perThread};
        pack(packing, rows, upright ? copy : nullptr, upright ? nullptr : copy);
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

bool roundable(Engine& engine, const CpuTensor& weights, Packing packing, Orientation orientation, double tolerance, double largestState) {
  const auto [depth, columns] = shapeOf(weights, orientation);
  if (depth < leastDepth || columns < leastDepth || depth * columns < leastWeights) return false;
  const float unit = unitFor(largestOf(engine, weights), packing);
  return unit > 0 && unit * std::sqrt(static_cast<double>(depth)) / 2 * largestState <= tolerance;
}

float largestForBits(Engine& engine, const CpuTensor& weights, Orientation orientation, double tolerance) {
  for (const ProductFamily& family : engine.kernels().families)
    if (family.rounds() && roundable(engine, weights, family.packing, orientation, tolerance, 1)) return formatOf(family.packing).largest;
  return 0;
}

const PackedCopy& roundedCopy(Engine& engine, const CpuTensor& weights, Packing packing, Orientation orientation) {
  PackedCopy& copy = weights.packedCopy(packing, orientation);
  if (copy.version == weights.version() && copy.rows == weights.rows()) return copy;
  const PackingFormat& format = formatOf(packing);
  const auto [depth, columns] = shapeOf(weights, orientation);
  copy.unit = unitFor(largestOf(engine, weights), packing);
  copy.rows = weights.rows();
  copy.stride = packedStride(packing, columns);
  const std::size_t rows = blocksOf(depth, format.rows);
  const std::size_t floats = blocksOf(roundUp(depth + format.zeroRows, packedRows), format.rows) * copy.stride;
  if (copy.words.size() < floats) copy.words = LineBuffer(floats);
  fill(engine, weights, packing, orientation);
  // The tensor may have had more rows when the copy was last made.
  std::fill_n(copy.words.data() + rows * copy.stride, format.zeroRows * copy.stride, 0.0f);
  copy.version = weights.version();
  return copy;
}

RoundedUpdate::RoundedUpdate(Engine& engine, const CpuTensor& weights) : kernels_(engine.kernels()), weights_(weights) {
  for (const Packing packing : roundedPackings)
    for (const Orientation orientation : orientations) {
      PackedCopy& copy = weights.packedCopy(packing, orientation);
      if (copy.version == weights.version()) current_.at(packing, orientation) = &copy;
    }
}

void RoundedUpdate::write(const float* rows, std::size_t firstRow, std::size_t count, float* scratch) const {
  const RowsToPack from{kernels_, rows, weights_.stride(), weights_.cols(), firstRow, count, scratch};
  for (const Packing packing : roundedPackings)
    pack(packing, from, current_.at(packing, Orientation::upright), current_.at(packing, Orientation::transposed));
}

void RoundedUpdate::finish(float largest) const {
  weights_.largest() = {largest, weights_.version()};
  for (const Packing packing : roundedPackings)
    for (const Orientation orientation : orientations) {
      PackedCopy* const copy = current_.at(packing, orientation);
      if (copy && copy->unit == unitFor(largest, packing)) copy->version = weights_.version();
    }
}

}  // namespace boltzkit::cpu
