#include "likelihood/base_units.hpp"

#include <algorithm>

namespace boltzkit {
namespace {

// Marginals count as those of at most this many cases. Smoothing adds half a case per state of a
// two-state unit, so probabilities stay between 0.0025 and 0.9975.
constexpr double cases = 200;

}  // namespace

BaseUnits::BaseUnits(const Machine& machine) : machine_(machine), sums_(machine.wiring().layers().size()) {}

void BaseUnits::add(std::size_t layer, const Tensor& states) {
  Sums& sums = sums_[layer];
  if (!sums.zeros) {
    const Tensor& shape = machine_.unitParameters(layer);
    sums.zeros = machine_.backend().tensor(shape.rows(), shape.cols());
    sums.statistics = machine_.backend().tensor(shape.rows(), shape.cols());
  }
  Units atZero = machine_.unitsOf(layer);
  atZero.parameters = sums.zeros.get();
  machine_.backend().unitStatistics(atZero, states, nullptr, nullptr, 1, sums.rows == 0 ? 0 : 1, *sums.statistics);
  sums.rows += states.rows();
}

std::vector<double> BaseUnits::means(std::size_t layer) const {
  const Sums& sums = sums_[layer];
  std::vector<double> values = valuesOf(machine_.backend(), *sums.statistics);
  for (double& value : values) value /= static_cast<double>(sums.rows);
  return values;
}

std::vector<double> BaseUnits::parameters(std::size_t layer, const BaseUnits* other) const {
  std::vector<double> values = valuesOf(machine_.backend(), machine_.unitParameters(layer));
  if (!any(layer)) return values;
  std::vector<double> statistics = means(layer);
  if (other && other->any(layer)) {
    const std::vector<double> others = other->means(layer);
    for (std::size_t i = 0; i < statistics.size(); ++i) statistics[i] = 0.5 * (statistics[i] + others[i]);
  }
  const double rows = static_cast<double>(sums_[layer].rows);
  const std::size_t places = machine_.places(layer);
  const Layer& described = machine_.wiring().layers()[layer];
  visitUnit(described.type, [&](auto unit) {
    using Unit = decltype(unit);
    double mean[Unit::parameters], p[Unit::parameters];
    for (std::size_t j = 0; j < places; ++j) {
      for (std::size_t k = 0; k < Unit::parameters; ++k) mean[k] = statistics[k * places + j];
      Unit::initialise(mean, std::min(rows, cases), described.size, p);
      for (std::size_t k = 0; k < Unit::parameters; ++k) values[k * places + j] = p[k];
    }
  });
  return values;
}

}  // namespace boltzkit
