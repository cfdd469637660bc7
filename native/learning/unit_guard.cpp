#include "learning/unit_guard.hpp"

#include <algorithm>
#include <cmath>

namespace boltzkit {
namespace {

bool isBias(UnitType type, std::size_t parameter) {
  return visitUnit(type, [&](auto unit) { return decltype(unit)::isBias[parameter]; });
}

}  // namespace

UnitGuard::UnitGuard(Machine& machine) : machine_(machine) {
  for (std::size_t l = 0; l < machine.wiring().layers().size(); ++l) {
    const Tensor& like = machine.unitParameters(l);
    units_.push_back({machine.backend().tensor(like.rows(), like.cols()), {}, {}});
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

void UnitGuard::remember() {
  for (std::size_t l = 0; l < units_.size(); ++l) machine_.backend().axpby(1, machine_.unitParameters(l), 0, *units_[l].before);
}

std::optional<std::string> UnitGuard::check() {
  std::optional<std::string> bad;
  for (std::size_t l = 0; l < units_.size(); ++l) {
    if (units_[l].held) machine_.backend().clamp(*units_[l].held, *units_[l].heldValues, machine_.unitParameters(l));
    if (!bad && !sound(l)) bad = machine_.parameters()[l].name;
  }
  for (std::size_t l = 0; bad && l < units_.size(); ++l) machine_.backend().axpby(1, *units_[l].before, 0, machine_.unitParameters(l));
  return bad;
}

bool UnitGuard::sound(std::size_t layer) const {
  const Tensor& parameters = machine_.unitParameters(layer);
  if (parameters.rows() == 1) {  // squares of larger ones are larger still, or not finite
    double squares = 0;
    machine_.backend().rowDots(parameters, parameters, std::span(&squares, 1));
    return squares <= largestParameter * largestParameter;
  }
  std::vector<double> values(parameters.rows() * parameters.cols());
  machine_.backend().download(parameters, std::span<double>(values));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool bias = isBias(machine_.wiring().layers()[layer].type, i / parameters.cols());
    if (!(std::fabs(values[i]) <= (bias ? largestParameter : largestLogPrecision))) return false;
  }
  return true;
}

}  // namespace boltzkit
