#include "learning/start_values.hpp"

#include <algorithm>

#include "sampling/column_sums.hpp"

namespace boltzkit {

void fieldlessMeans(const Machine& machine, std::size_t layer, Tensor& out) {
  const TensorPtr noField = machine.backend().tensor(1, machine.places(layer));
  machine.backend().updateUnits({machine.unitsOf(layer), 1, {}, 0}, *noField, &out, nullptr);
}

StartValues::StartValues(Machine& machine, const LayerData& data, std::span<const double> rowWeights, bool parameters,
                         const Cancelled& cancelled)
    : machine_(machine), rows_(data.rows()), sums_(data.given().size()) {
  Backend& backend = machine.backend();
  const std::size_t chunk = std::min(chunkRows, rows_);
  ones_ = backend.tensor(chunk, 1);
  backend.fill(1, *ones_);
  for (std::size_t l = 0; l < sums_.size(); ++l) {
    if (!data.given()[l]) continue;
    const std::size_t count = machine.unitParameters(l).rows(), places = machine.places(l);
    sums_[l].mean = backend.tensor(1, places);
    if (parameters) sums_[l].statistics = backend.tensor(count, places);
    if (parameters) sums_[l].zeros = backend.tensor(count, places);
    if (!data.missing(l)) continue;
    sums_[l].present = backend.tensor(chunk, places);
    sums_[l].share = backend.tensor(1, places);
  }
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    TensorPtr weights;
    if (!rowWeights.empty()) {
      weights = backend.tensor(1, states.rows());
      backend.upload(rowWeights.subspan(first, states.rows()), *weights);
    }
    for (std::size_t l = 0; l < sums_.size(); ++l)
      if (sums_[l].mean) add(l, states[l], weights.get(), 1.0 / static_cast<double>(rows_), first == 0 ? 0 : 1);
  });
}

void StartValues::add(std::size_t layer, Tensor& states, const Tensor* weights, double each, double keep) {
  Backend& backend = machine_.backend();
  Sums& sums = sums_[layer];
  if (sums.present) {
    sums.present->setRows(states.rows());
    backend.splitMissing(states, *sums.present);
    columnSums(backend, *ones_, *sums.present, weights, each, keep, *sums.share);
  }
  columnSums(backend, *ones_, states, weights, each, keep, *sums.mean);
  if (!sums.statistics) return;
  Units atZero = machine_.unitsOf(layer);
  atZero.parameters = sums.zeros.get();
  backend.unitStatistics(atZero, states, nullptr, weights, each, keep, *sums.statistics);
}

std::vector<double> StartValues::share(std::size_t layer) const {
  const Sums& sums = sums_[layer];
  return sums.share ? valuesOf(machine_.backend(), *sums.share) : std::vector<double>(machine_.places(layer), 1.0);
}

void StartValues::offset(std::size_t layer, Tensor& out) const {
  const Sums& sums = sums_[layer];
  if (!sums.share) return machine_.backend().axpby(1, *sums.mean, 0, out);
  fieldlessMeans(machine_, layer, out);
  const std::vector<double> fieldless = valuesOf(machine_.backend(), out), present = share(layer);
  std::vector<double> values = valuesOf(machine_.backend(), *sums.mean);
  for (std::size_t j = 0; j < values.size(); ++j) values[j] = present[j] > 0 ? values[j] / present[j] : fieldless[j];
  machine_.backend().upload(std::span<const double>(values), out);
}

void StartValues::follow(std::size_t layer, Tensor& out, Tensor& seen) const {
  const std::vector<double> before = valuesOf(machine_.backend(), out), present = share(layer);
  std::vector<double> counts = valuesOf(machine_.backend(), seen);
  offset(layer, out);
  std::vector<double> values = valuesOf(machine_.backend(), out);
  for (std::size_t j = 0; j < values.size(); ++j) {
    const double old = std::min(counts[j], rowsRemembered), now = static_cast<double>(rows_) * present[j];
    if (old > 0) values[j] = before[j] + (values[j] - before[j]) * now / (old + now);
    counts[j] = old + now;
  }
  machine_.backend().upload(std::span<const double>(values), out);
  machine_.backend().upload(std::span<const double>(counts), seen);
}

void StartValues::initialise(std::size_t layer) const {
  machine_.backend().upload(std::span<const double>(fitted(layer)), machine_.unitParameters(layer));
}

std::vector<double> StartValues::fitted(std::size_t layer) const {
  const std::size_t places = machine_.places(layer);
  const std::vector<double> means = valuesOf(machine_.backend(), *sums_[layer].statistics), present = share(layer);
  std::vector<double> values = valuesOf(machine_.backend(), machine_.unitParameters(layer));
  const Layer& described = machine_.wiring().layers()[layer];
  visitUnit(described.type, [&](auto unit) {
    using Unit = decltype(unit);
    double from[Unit::parameters], to[Unit::parameters];
    for (std::size_t j = 0; j < places; ++j) {
      if (present[j] <= 0) continue;
      for (std::size_t k = 0; k < Unit::parameters; ++k) from[k] = means[k * places + j] / present[j];
      Unit::initialise(from, static_cast<double>(rows_) * present[j], described.size, to);
      for (std::size_t k = 0; k < Unit::parameters; ++k) values[k * places + j] = to[k];
    }
  });
  return values;
}

}  // namespace boltzkit
