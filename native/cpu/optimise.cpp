// Parameter steps, all or none. New parameters go to spare buffers, tile by tile, and replace the
// old ones once all are known to be finite. A gradient that is given as terms is also added up tile
// by tile, and the step is taken while the tile is in the cache. No slot needs a spare buffer where
// bounds show that no step can be refused, and the last one none where they show that of its own.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <numeric>
#include <vector>

#include "core/checked.hpp"
#include "cpu/cpu_backend.hpp"
#include "cpu/largest.hpp"
#include "cpu/product.hpp"
#include "cpu/product_plan.hpp"
#include "cpu/rounded_weights.hpp"

namespace boltzkit::cpu {
namespace {

// Floats of a tensor per tile: 16 KiB each of up to five tensors, which fit into the second-level
// cache together.
constexpr std::size_t tileFloats = 4096;
// Rows of a tile whose gradient is added up, in units of RoundedUpdate::grain.
constexpr std::size_t grain = RoundedUpdate::grain, termGrains = 4;
static_assert(termGrains * grain <= ProductPlan::tileRows);

bool scaled(const ParameterSlot& slot) { return slot.rowScale || slot.colScale; }

// `gradient` [rows, stride] lies apart from the slot's; null: it does not.
struct Tile {
  std::size_t slot, firstRow, rows, first, count;
  const float* gradient = nullptr;
};

// Calls body(parameter, gradient, next, scale) for every place. True if body was true for all.
template <class Body>
bool forEachPlace(Engine& engine, const ParameterSlot& slot, Body body) {
  CpuTensor &gradient = cpuTensor(*slot.gradient), &parameter = cpuTensor(*slot.parameter);
  const float* columns = slot.colScale ? cpuTensor(*slot.colScale).row(0) : nullptr;
  std::atomic<bool> all{true};
  parameter.spareRow(0);
  engine.parallelRows(parameter.rows(), static_cast<double>(parameter.rows() * parameter.cols()), [&](std::size_t first, std::size_t last) {
    bool good = true;
    for (std::size_t r = first; r < last; ++r) {
      const float row = slot.rowScale ? cpuTensor(*slot.rowScale).row(0)[r] : 1.0f;
      for (std::size_t j = 0; j < parameter.cols(); ++j)
        good = body(parameter.row(r)[j], gradient.touchedRow(r)[j], parameter.spareRow(r)[j], columns ? row * columns[j] : row) && good;
    }
    if (!good) all = false;
  });
  return all;
}

// Multiplies the gradient, with its decay, by the scales of its row and column; the kernel then
// adds no decay.
void scaleGradient(Engine& engine, const ParameterSlot& slot) {
  const auto l1 = static_cast<float>(slot.l1), l2 = static_cast<float>(slot.l2);
  forEachPlace(engine, slot, [=](float parameter, float& gradient, float&, float scale) {
    const float direction = parameter > 0 ? 1.0f : parameter < 0 ? -1.0f : 0.0f;
    gradient = (gradient - l1 * direction - l2 * parameter) * scale;
    return true;
  });
}

// Multiplies the step by both scales. True if no parameter is beyond largestParameter.
bool scaleStep(Engine& engine, const ParameterSlot& slot) {
  return forEachPlace(engine, slot, [](float parameter, float& step, float& next, float scale) {
    step *= scale;
    next = parameter + step;
    return std::fabs(next) <= static_cast<float>(largestParameter);
  });
}

// The coefficients of a step on one slot; formulas in kernels/optimiser.hpp.
StepRange coefficients(const OptimiserStep& step, const ParameterSlot& slot) {
  StepRange range{.l1 = scaled(slot) ? 0.0f : static_cast<float>(slot.l1), .l2 = scaled(slot) ? 0.0f : static_cast<float>(slot.l2)};
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

class Steps {
 public:
  Steps(Engine& engine, const OptimiserStep& step, std::span<const ParameterSlot> slots)
      : engine_(engine),
        step_(step),
        slots_(slots),
        kernel_(step.kind == OptimiserStep::Kind::sgd ? engine.kernels().sgd : engine.kernels().adam),
        largest_(slots.size(), 0.0f),
        inPlace_(slots.size(), false),
        bad_(slots.size()) {
    for (const ParameterSlot& slot : slots) {
      rounded_.emplace_back(engine, cpuTensor(*slot.parameter));
      for (Tensor* t : {slot.parameter, slot.gradient, slot.velocity, slot.second})
        if (t) cpuTensor(*t).touch();
    }
  }

  std::ptrdiff_t take() {
    std::vector<std::size_t> together;
    for (std::size_t i = 0; i < slots_.size(); ++i) prepare(i) ? together.push_back(i) : cut(i);
    engine_.parallelFor(tiles_.size(), static_cast<double>(tiles_.size() * tileFloats) / 4,
                        [&](std::size_t i, unsigned) { takeTile(tiles_[i]); });
    for (std::size_t i = 0; i < slots_.size(); ++i)
      if (scaled(slots_[i]) && !scaleStep(engine_, slots_[i])) lower(bad_, i);
    // Where no slot can be refused, none needs a second buffer.
    const bool allInPlace = together.size() == slots_.size() && noneCanFail();
    for (const std::size_t i : together) sumAndTake(i, allInPlace, i == together.back() && bad_ == slots_.size());
    if (bad_ < slots_.size()) return static_cast<std::ptrdiff_t>(bad_.load());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (!inPlace_[i]) cpuTensor(*slots_[i].parameter).adoptSpare();
      if (largest_[i] > 0) rounded_[i].finish(largest_[i]);
    }
    return -1;
  }

 private:
  // True if the terms of a slot are to be added up tile by tile, as the step is taken. Otherwise
  // computes the gradient.
  bool prepare(std::size_t i) {
    const ParameterSlot& slot = slots_[i];
    if (slot.terms.empty()) return false;
    const std::vector<Product> products = productsOf(slot);
    const bool together = !scaled(slot) && products.size() <= mostTerms &&
                          std::ranges::all_of(products, [](const Product& p) { return p.rows * (p.depth + 1) <= ProductPlan::mostPlaces; });
    if (!together)
      for (const Product& product : products) multiply(engine_, product);
    return together;
  }

  static std::vector<Product> productsOf(const ParameterSlot& slot) {
    std::vector<Product> products;
    for (const StatisticsTerm& term : slot.terms)
      products.push_back(statisticsProduct(term, products.empty() ? 0 : 1, cpuTensor(*slot.gradient)));
    return products;
  }

  void sumAndTake(std::size_t i, bool isInPlace, bool mayBeInPlace) {
    const std::vector<Product> products = productsOf(slots_[i]);
    std::deque<ProductPlan> terms;
    double work = static_cast<double>(products[0].rows * products[0].columns) / 4, bound = 0;
    for (const Product& product : products) {
      terms.emplace_back(engine_, product, engine_.workspace().nonZeros[terms.size()], 0, product.rows, ProductPlan::Lists::perThread);
      work += terms.back().work();
      bound += terms.back().bound();
    }
    inPlace_[i] = isInPlace || (mayBeInPlace && cannotFail(i, bound));
    if (!inPlace_[i]) cpuTensor(*slots_[i].parameter).spareRow(0);  // allocates it before threads share it
    const std::size_t rows = products[0].rows, columns = products[0].columns;
    const std::size_t grains = blocksOf(rows, grain), groups = std::min(grains, roundUp(blocksOf(grains, termGrains), engine_.threads()));
    Workspace& w = engine_.workspace();
    CpuTensor& parameter = cpuTensor(*slots_[i].parameter);
    const std::size_t forRounding = RoundedUpdate::scratchFloats(parameter);
    constexpr std::size_t gradientFloats = ProductPlan::tileRows * panelColumns;
    const std::size_t depth = std::ranges::max(products, {}, &Product::depth).depth;
    const std::size_t perThread = gradientFloats + ProductPlan::scratchFloats(depth);
    float* scratch = w.perThread.atLeast(engine_.threads() * perThread);
    float* rounding = w.rounding.atLeast(engine_.threads() * forRounding);
    if (w.threadNonZeros.size() < engine_.threads() * mostTerms) w.threadNonZeros.resize(engine_.threads() * mostTerms);
    std::atomic<float> largest{0};
    engine_.parallelFor(groups, work, [&](std::size_t group, unsigned thread) {
      const std::size_t first = grains * group / groups * grain, last = std::min(rows, grains * (group + 1) / groups * grain);
      ThreadNonZeros* lists = w.threadNonZeros.data() + thread * mostTerms;
      for (std::size_t t = 0; t < terms.size(); ++t) terms[t].list(first, last, lists[t]);
      float *const gradient = scratch + thread * perThread, *const own = gradient + gradientFloats;
      for (std::size_t column = 0; column < columns; column += panelColumns) {
        // The step reads these next. While tiles of the gradient are computed, memory is idle.
        const auto at = [&](Tensor* t) { return t ? cpuTensor(*t).touchedRow(first) + column : nullptr; };
        const Upcoming upcoming{{at(slots_[i].parameter), at(slots_[i].velocity)}, parameter.stride()};
        for (std::size_t t = 0; t < terms.size(); ++t)
          terms[t].tile(column, first, last, lists[t], own, gradient, t == 0 ? upcoming : Upcoming{});
        const std::size_t count = roundUp(std::min(panelColumns, columns - column), lineFloats);
        raise(largest, takeTile({i, first, last - first, column, count, gradient}));
      }
      rounded_[i].write(nextRow(i, first), first, last - first, rounding + thread * forRounding);
    });
    largest_[i] = largest;
  }

  // True if that holds of all slots, whose terms are to be added up. No sum over rows is above the
  // product of both sides' norms (Cauchy & Schwarz).
  bool noneCanFail() const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      double bound = 0;
      for (const StatisticsTerm& term : slots_[i].terms) {
        const double weights = term.rowWeights ? norm(*term.rowWeights, term.a->rows()) : 1;
        bound += std::fabs(term.alpha) * weights * norm(*term.a, term.a->cols()) * norm(*term.b, term.b->cols());
      }
      if (!cannotFail(i, 1.001 * bound)) return false;
    }
    return true;
  }

  // Of all values, or of the first `columns` of a single row.
  double norm(const Tensor& t, std::size_t columns) const {
    std::vector<double> squares(t.rows());
    engine_.parallelRows(t.rows(), static_cast<double>(t.rows() * columns) / 2, [&](std::size_t first, std::size_t last) {
      for (std::size_t r = first; r < last; ++r) squares[r] = engine_.kernels().dot(cpuTensor(t).row(r), cpuTensor(t).row(r), columns);
    });
    return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
  }

  // True if no parameter can become too large in a step whose gradient is at most `gradient`. Keeps
  // a bound of the momentum from step to step.
  bool cannotFail(std::size_t i, double gradient) const {
    const ParameterSlot& slot = slots_[i];
    if (step_.kind != OptimiserStep::Kind::sgd) return false;
    const double parameter = boundBefore(*slot.parameter, cpuTensor(*slot.parameter).largest()),
                 velocity = boundBefore(*slot.velocity, cpuTensor(*slot.velocity).bound());
    const double next = step_.momentum * velocity + step_.learningRate * slot.rate * (gradient + slot.l1 + slot.l2 * parameter);
    if (!(parameter + next < largestParameter / 2)) return false;  // half: far more than rounding
    cpuTensor(*slot.velocity).bound() = {static_cast<float>(next) * 1.001f, cpuTensor(*slot.velocity).version()};
    return true;
  }

  // Of the contents before this step, which has touched the tensor.
  double boundBefore(const Tensor& t, const CpuTensor::Largest& known) const {
    const CpuTensor& tensor = cpuTensor(t);
    if (known.version + 1 == tensor.version()) return known.value;
    return norm(tensor, tensor.cols());
  }

  float* nextRow(std::size_t i, std::size_t row) {
    CpuTensor& parameter = cpuTensor(*slots_[i].parameter);
    return inPlace_[i] ? parameter.touchedRow(row) : parameter.spareRow(row);
  }

  // Cuts a slot into runs of floats, regardless of the rows.
  void cut(std::size_t i) {
    if (scaled(slots_[i])) scaleGradient(engine_, slots_[i]);
    CpuTensor& parameter = cpuTensor(*slots_[i].parameter);
    parameter.spareRow(0);
    const std::size_t floats = parameter.rows() * parameter.stride();
    for (std::size_t first = 0; first < floats; first += tileFloats)
      tiles_.push_back({i, 0, 1, first, std::min(tileFloats, floats - first)});
  }

  // The largest absolute value of the new parameters.
  float takeTile(const Tile& tile) {
    const ParameterSlot& slot = slots_[tile.slot];
    auto at = [&](Tensor* t) { return t ? cpuTensor(*t).touchedRow(tile.firstRow) + tile.first : nullptr; };
    StepRange range = coefficients(step_, slot);
    range.rows = tile.rows;
    range.n = tile.count;
    range.stride = cpuTensor(*slot.parameter).stride();
    range.parameter = at(slot.parameter);
    range.gradient = tile.gradient ? tile.gradient : at(slot.gradient);
    range.gradientStride = tile.gradient ? panelColumns : range.stride;
    range.step = slot.keepStep || scaled(slot) ? at(slot.gradient) : nullptr;
    range.velocity = at(slot.velocity);
    range.second = at(slot.second);
    range.next = nextRow(tile.slot, tile.firstRow) + tile.first;
    const float largest = kernel_(range);
    if (std::isnan(largest)) lower(bad_, tile.slot);
    return largest;
  }

  Engine& engine_;
  const OptimiserStep& step_;
  std::span<const ParameterSlot> slots_;
  float (*kernel_)(const StepRange&);
  std::vector<Tile> tiles_;
  std::vector<RoundedUpdate> rounded_;
  std::vector<float> largest_;  // absolute value of new parameters; 0 where gradients were complete
  std::vector<bool> inPlace_;   // of each slot: its parameters are overwritten
  std::atomic<std::size_t> bad_;
};

}  // namespace

std::ptrdiff_t CpuBackend::takeStep(const OptimiserStep& step, std::span<const ParameterSlot> slots) {
  return Steps(engine_, step, slots).take();
}

void CpuBackend::requireWithin(const Tensor& parameter, std::span<const double> limits, std::ptrdiff_t index, StepOutcome& outcome) {
  for (std::size_t r = 0; r < parameter.rows(); ++r) {
    const float *row = cpuTensor(parameter).row(r), limit = static_cast<float>(limits[r]);
    int good = 1;  // without a branch, so that the loop becomes vectors
    for (std::size_t j = 0; j < parameter.cols(); ++j) good &= std::fabs(row[j]) <= limit;
    if (!good) return refuse(index, outcome);
  }
}

}  // namespace boltzkit::cpu
