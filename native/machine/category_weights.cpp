#include "machine/category_weights.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "machine/energy.hpp"

namespace boltzkit {

CategoryWeights::CategoryWeights(const Machine& machine, std::vector<bool> given, std::size_t target, std::size_t rows)
    : machine_(machine), given_(std::move(given)), target_(target) {
  requireLayer(machine.wiring(), target);
  const Layer& asked = machine.wiring().layers()[target];
  if (given_[target]) throw parameterError("layer '" + asked.name + "' is given, so it cannot be asked for");
  if (asked.type != UnitType::softmax || asked.size != asked.places)
    throw parameterError("layer '" + asked.name + "' must be one softmax unit");
  categories_ = asked.places;
  std::vector<bool> known = given_;
  known[target] = true;
  requireUncoupledRest(machine, known);
  for (std::size_t l = 0; l < known.size(); ++l)
    if (!known[l] && machine.wiring().coupled(l, target)) summed_.push_back(summed(l, rows));
  fields_ = machine.backend().tensor(rows, categories_);
  sums_ = machine.backend().doubles(rows);
}

CategoryWeights::Summed CategoryWeights::summed(std::size_t layer, std::size_t rows) const {
  Backend& backend = machine_.backend();
  Summed s{layer, backend.tensor(rows, machine_.places(layer)), nullptr, nullptr};
  for (std::size_t c = 0; c < machine_.wiring().couplings().size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    if (coupling.a == target_ && coupling.b == layer) s.weights = &machine_.weights(c);
    if (coupling.a != layer || coupling.b != target_) continue;
    const std::vector<double> values = valuesOf(backend, machine_.weights(c));
    const std::size_t places = machine_.places(layer);
    std::vector<double> turned(values.size());
    for (std::size_t k = 0; k < categories_; ++k)
      for (std::size_t j = 0; j < places; ++j) turned[k * places + j] = values[j * categories_ + k];
    s.own = backend.tensor(categories_, places);
    backend.upload(std::span<const double>(turned), *s.own);
    s.weights = s.own.get();
  }
  return s;
}

void CategoryWeights::logs(const States& states, std::span<double> out) {
  Backend& backend = machine_.backend();
  const std::size_t rows = states.rows();
  fields_->setRows(rows);
  layerFields(machine_, target_, states, given_, *fields_);
  const std::vector<double> direct = valuesOf(backend, *fields_), bias = valuesOf(backend, machine_.unitParameters(target_));
  for (std::size_t i = 0; i < rows * categories_; ++i) out[i] = direct[i] + bias[i % categories_];
  const std::vector<double> ones(rows, 1.0);
  std::vector<double> sums(rows);
  for (Summed& s : summed_) {
    s.fields->setRows(rows);
    layerFields(machine_, s.layer, states, given_, *s.fields);
    for (std::size_t k = 0; k < categories_; ++k) {
      const std::vector<std::uint32_t> category(rows, static_cast<std::uint32_t>(k));
      const FieldShift shift{s.weights, category, ones};
      backend.cumulants(machine_.unitsOf(s.layer), *s.fields, 1, &shift, {sums_.get()});
      backend.read(*sums_, sums);
      for (std::size_t r = 0; r < rows; ++r) out[r * categories_ + k] += sums[r];
    }
  }
}

void normaliseLogs(std::span<double> logs) {
  const double top = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (double& x : logs) sum += x = std::exp(x - top);
  for (double& x : logs) x /= sum;
}

}  // namespace boltzkit
