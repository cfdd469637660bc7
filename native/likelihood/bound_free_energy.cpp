#include "likelihood/bound_free_energy.hpp"

namespace boltzkit {

bool bounded(const Machine& machine, const std::vector<bool>& given) {
  for (std::size_t l = 0; l < given.size(); ++l)
    if (!given[l] && keepsTotal(machine.wiring().layers()[l].type)) return false;
  return true;
}

void boundFreeEnergies(const Machine& machine, States& states, const std::vector<bool>& given, std::uint64_t sweeps,
                       std::span<double> out) {
  Backend& backend = machine.backend();
  auto forEachFree = [&](auto&& body) {
    for (std::size_t l = 0; l < given.size(); ++l)
      if (!given[l]) body(l);
  };
  forEachFree([&](std::size_t l) { backend.fill(0, states[l]); });
  Round round;
  round.draw = Draw::mean;
  BlockGibbs(machine, given, states.rows()).sweep(states, round, sweeps);
  // Any fields define a valid q. Uses the fields of all means at once, and the means that belong to
  // these fields.
  States fields(machine, states.rows());
  forEachFree([&](std::size_t l) { unitFields(machine, l, states, fields[l]); });
  forEachFree([&](std::size_t l) { backend.updateUnits({machine.unitsOf(l)}, fields[l], &states[l], nullptr); });
  // H(q) = cumulant(field) - field mean + <U>. <U> is in the energy as well, evaluated at the means
  // instead.
  const DoublesPtr values = backend.doubles(out.size());
  FreeEnergies(machine, allLayers(machine), states.rows()).compute(states, *values);
  forEachFree([&](std::size_t l) {
    backend.unitEnergies(machine.unitsOf(l), states[l], {values.get(), -1, true});
    backend.cumulants(machine.unitsOf(l), fields[l], 1, nullptr, {values.get(), -1, true});
    backend.rowDots(fields[l], states[l], {values.get(), 1, true});
  });
  backend.read(*values, out);
}

}  // namespace boltzkit
