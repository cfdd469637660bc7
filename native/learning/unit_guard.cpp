#include "learning/unit_guard.hpp"

#include <algorithm>
#include <cmath>

namespace boltzkit {

UnitGuard::UnitGuard(Machine& machine) : machine_(machine) {
  for (std::size_t l = 0; l < machine.wiring().layers().size(); ++l) {
    const Tensor& like = machine.unitParameters(l);
    units_.push_back({machine.backend().tensor(like.rows(), like.cols()), {}, {}, {}});
    for (std::size_t row = 0; row < like.rows(); ++row)
      units_.back().limits.push_back(isBias(machine.wiring().layers()[l].type, row) ? largestParameter : largestLogPrecision);
  }
}

void UnitGuard::hold(std::size_t layer, const std::vector<bool>& places) {
  Units& units = units_[layer];
  units.held = nullptr;
  units.heldValues = nullptr;
  if (std::find(places.begin(), places.end(), true) == places.end()) return;
  const Tensor& parameters = machine_.unitParameters(layer);
  std::vector<double> mask(parameters.rows() * parameters.cols(), 0.0);
  for (std::size_t row = 0; row < parameters.rows(); ++row)
    for (std::size_t j = 0; j < parameters.cols(); ++j)
      mask[row * parameters.cols() + j] = places[j] && !isBias(machine_.wiring().layers()[layer].type, row) ? 1 : 0;
  units.held = machine_.backend().tensor(parameters.rows(), parameters.cols());
  units.heldValues = machine_.backend().tensor(parameters.rows(), parameters.cols());
  machine_.backend().upload(std::span<const double>(mask), *units.held);
  machine_.backend().axpby(1, parameters, 0, *units.heldValues);
}

void UnitGuard::remember(const StepOutcome& outcome) {
  for (std::size_t l = 0; l < units_.size(); ++l)
    machine_.backend().axpbyWhen(Backend::When::accepted, outcome, 1, machine_.unitParameters(l), 0, *units_[l].before);
}

void UnitGuard::check(std::size_t first, StepOutcome& outcome) {
  Backend& backend = machine_.backend();
  for (std::size_t l = 0; l < units_.size(); ++l) {
    if (units_[l].held) backend.clamp(*units_[l].held, *units_[l].heldValues, machine_.unitParameters(l));
    backend.requireWithin(machine_.unitParameters(l), units_[l].limits, static_cast<std::ptrdiff_t>(first + l), outcome);
  }
  for (std::size_t l = 0; l < units_.size(); ++l)
    backend.axpbyWhen(Backend::When::refused, outcome, 1, *units_[l].before, 0, machine_.unitParameters(l));
}

}  // namespace boltzkit
