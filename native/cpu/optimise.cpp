// Parameter steps, all or none: a first loop over all tensors turns gradients into steps and checks that every new parameter is finite, a second
// one applies them.
#include <atomic>
#include <cmath>
#include <vector>

#include "cpu/cpu_backend.hpp"

namespace boltzkit::cpu {
namespace {

// Floats of a tensor per tile: 16 KiB each of up to four tensors, in the second-level cache together.
constexpr std::size_t tileFloats = 4096;

struct Tile {
  std::size_t slot, first, count;
};

std::vector<Tile> tilesOf(std::span<const ParameterSlot> slots) {
  std::vector<Tile> tiles;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const CpuTensor& parameter = cpuTensor(*slots[i].parameter);
    const std::size_t floats = parameter.rows() * parameter.stride();
    for (std::size_t first = 0; first < floats; first += tileFloats) tiles.push_back({i, first, std::min(tileFloats, floats - first)});
  }
  return tiles;
}

void touch(const ParameterSlot& slot) {
  for (Tensor* t : {slot.parameter, slot.gradient, slot.velocity, slot.second})
    if (t) cpuTensor(*t).touch();
}

// body(parameter, gradient, scale) for every place; whether it was true for all.
template <class Body>
bool forEachRow(Engine& engine, const ParameterSlot& slot, Body body) {
  CpuTensor& gradient = cpuTensor(*slot.gradient);
  const CpuTensor& parameter = cpuTensor(*slot.parameter);
  const float* columns = slot.colScale ? cpuTensor(*slot.colScale).row(0) : nullptr;
  std::atomic<bool> all{true};
  engine.parallelRows(parameter.rows(), static_cast<double>(parameter.rows() * parameter.cols()), [&](std::size_t first, std::size_t last) {
    bool good = true;
    for (std::size_t r = first; r < last; ++r) {
      const float row = slot.rowScale ? cpuTensor(*slot.rowScale).row(0)[r] : 1.0f;
      for (std::size_t j = 0; j < parameter.cols(); ++j)
        good = body(parameter.row(r)[j], gradient.touchedRow(r)[j], columns ? row * columns[j] : row) && good;
    }
    if (!good) all = false;
  });
  return all;
}

bool scaled(const ParameterSlot& slot) { return slot.rowScale || slot.colScale; }

// Multiplies the gradient, decay and all, by the scales of its row and column; the kernel then finds no decay left to do.
void scaleGradient(Engine& engine, const ParameterSlot& slot) {
  const auto l1 = static_cast<float>(slot.l1), l2 = static_cast<float>(slot.l2);
  forEachRow(engine, slot, [=](float parameter, float& gradient, float scale) {
    const float direction = parameter > 0 ? 1.0f : parameter < 0 ? -1.0f : 0.0f;
    gradient = (gradient - l1 * direction - l2 * parameter) * scale;
    return true;
  });
}

// Multiplies the step by both scales; whether the parameter would stay finite.
bool scaleStep(Engine& engine, const ParameterSlot& slot) {
  return forEachRow(engine, slot, [](float parameter, float& step, float scale) {
    step *= scale;
    return std::fabs(parameter + step) <= static_cast<float>(largestParameter);
  });
}

// The coefficients of one slot, places from `first` on; formulas in kernels/optimiser.hpp.
StepRange rangeOf(const OptimiserStep& step, const ParameterSlot& slot, const Tile& tile) {
  auto at = [&](Tensor* t) { return t ? cpuTensor(*t).touchedRow(0) + tile.first : nullptr; };
  StepRange range{.n = tile.count,
                  .parameter = at(slot.parameter),
                  .gradient = at(slot.gradient),
                  .velocity = at(slot.velocity),
                  .second = at(slot.second),
                  .l1 = scaled(slot) ? 0.0f : static_cast<float>(slot.l1),
                  .l2 = scaled(slot) ? 0.0f : static_cast<float>(slot.l2)};
  const double rate = step.learningRate * slot.rate;
  if (step.kind == OptimiserStep::Kind::sgd) {
    range.keep = static_cast<float>(step.momentum);
    range.gain = static_cast<float>(rate);
    return range;
  }
  const double t = static_cast<double>(step.t);
  range.keep = static_cast<float>(step.beta1);
  range.gain = static_cast<float>(1 - step.beta1);
  range.keep2 = static_cast<float>(step.beta2);
  range.gain2 = static_cast<float>(1 - step.beta2);
  range.scale2 = static_cast<float>(1 / (1 - std::pow(step.beta2, t)));
  range.rate = static_cast<float>(rate / (1 - std::pow(step.beta1, t)));
  range.epsilon = static_cast<float>(step.epsilon);
  return range;
}

void lower(std::atomic<std::size_t>& smallest, std::size_t value) {
  std::size_t seen = smallest.load(std::memory_order_relaxed);
  while (value < seen && !smallest.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

std::ptrdiff_t CpuBackend::optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots) {
  const std::vector<Tile> tiles = tilesOf(slots);
  for (const ParameterSlot& slot : slots) touch(slot);
  for (const ParameterSlot& slot : slots)
    if (scaled(slot)) scaleGradient(engine_, slot);
  const auto kernel = step.kind == OptimiserStep::Kind::sgd ? engine_.kernels().sgd : engine_.kernels().adam;
  const double work = static_cast<double>(tiles.size() * tileFloats) / 4;
  std::atomic<std::size_t> bad{slots.size()};
  engine_.parallelFor(tiles.size(), work, [&](std::size_t i, unsigned) {
    if (!kernel(rangeOf(step, slots[tiles[i].slot], tiles[i]))) lower(bad, tiles[i].slot);
  });
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (scaled(slots[i]) && !scaleStep(engine_, slots[i])) lower(bad, i);
  if (bad < slots.size()) return static_cast<std::ptrdiff_t>(bad.load());
  engine_.parallelFor(tiles.size(), work, [&](std::size_t i, unsigned) {
    const ParameterSlot& slot = slots[tiles[i].slot];
    const std::size_t at = tiles[i].first;
    engine_.kernels().axpby(1, cpuTensor(*slot.gradient).touchedRow(0) + at, 1, cpuTensor(*slot.parameter).touchedRow(0) + at,
                            tiles[i].count);
  });
  return -1;
}

}  // namespace boltzkit::cpu
