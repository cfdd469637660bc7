#include "machine/energy.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace boltzkit {

void requireUncoupledRest(const Machine& machine, const std::vector<bool>& given) {
  for (const Coupling& c : machine.wiring().couplings())
    if (!given[c.a] && !given[c.b])  // includes lateral couplings
      throw parameterError("layers that are summed out must not be coupled to each other, '" + machine.wiring().layers()[c.a].name +
                           "' and '" + machine.wiring().layers()[c.b].name + "' are");
}

void couplingProducts(const Machine& machine, std::size_t coupling, const States& states, Tensor& scratch, const RowSum& sum) {
  const Coupling& c = machine.wiring().couplings()[coupling];
  scratch.setRows(states.rows());
  const FieldTerm term{&states[c.a], &machine.weights(coupling), false, c.lateral() ? 0.5 : 1, c.graph.get()};
  machine.backend().fields(std::span(&term, 1), false, scratch);
  machine.backend().rowDots(scratch, states[c.b], sum);
}

FreeEnergies::FreeEnergies(const Machine& machine, std::vector<bool> given, std::size_t rows, bool measured)
    : machine_(machine), given_(std::move(given)), measured_(measured) {
  requireUncoupledRest(machine, given_);
  Backend& backend = machine.backend();
  for (std::size_t l = 0; l < given_.size(); ++l) fields_.push_back(given_[l] ? nullptr : backend.tensor(rows, machine.places(l)));
  for (const Coupling& c : machine.wiring().couplings())
    products_.push_back(given_[c.a] && given_[c.b] ? backend.tensor(rows, machine.places(c.b)) : nullptr);
}

void FreeEnergies::compute(const States& states, Doubles& out) {
  Backend& backend = machine_.backend();
  for (std::size_t l = 0; l < given_.size(); ++l) {
    Units units = machine_.unitsOf(l);
    if (given_[l]) {
      if (!measured_) units.type = unmeasured(units.type);
      backend.unitEnergies(units, states[l], {&out, 1, l > 0});
      continue;
    }
    fields_[l]->setRows(states.rows());
    layerFields(machine_, l, states, given_, *fields_[l]);
    backend.cumulants(units, *fields_[l], 1, nullptr, {&out, -1, l > 0});
  }
  for (std::size_t c = 0; c < products_.size(); ++c)
    if (products_[c]) couplingProducts(machine_, c, states, *products_[c], {&out, -1, true});
}

bool summable(const Machine& machine, const std::vector<bool>& given) {
  const std::vector<Coupling>& couplings = machine.wiring().couplings();
  return std::all_of(couplings.begin(), couplings.end(), [&](const Coupling& c) { return given[c.a] || given[c.b]; });
}

void energies(const Machine& machine, const States& states, std::span<double> out) {
  freeEnergies(machine, states, allLayers(machine), out);
}

void freeEnergies(const Machine& machine, const States& states, const std::vector<bool>& given, std::span<double> out) {
  const DoublesPtr values = machine.backend().doubles(out.size());
  FreeEnergies(machine, given, states.rows()).compute(states, *values);
  machine.backend().read(*values, out);
}

}  // namespace boltzkit
