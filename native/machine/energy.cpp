#include "machine/energy.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace boltzkit {
namespace {

void requireUncoupledRest(const Machine& machine, const std::vector<bool>& given) {
  for (const Coupling& c : machine.wiring().couplings())
    if (!given[c.a] && !given[c.b])  // includes lateral couplings
      throw parameterError("layers that are summed out must not be coupled to each other, '" + machine.wiring().layers()[c.a].name +
                           "' and '" + machine.wiring().layers()[c.b].name + "' are");
}

// log sigmoid(x) without overflow.
double logSigmoid(double x) { return std::min(x, 0.0) - std::log1p(std::exp(-std::fabs(x))); }

}  // namespace

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

std::uint32_t pickUnit(const Stream& stream, std::size_t chain, std::size_t units) {
  const std::uint64_t word = streamWords(stream, static_cast<std::uint32_t>(chain), 0).w[0];
  return static_cast<std::uint32_t>(word * units >> 32);
}

bool UnitConditionals::possible(const Machine& machine, std::size_t layer) {
  const std::vector<Coupling>& couplings = machine.wiring().couplings();
  return machine.wiring().layers()[layer].type == UnitType::bernoulli &&
         std::all_of(couplings.begin(), couplings.end(), [&](const Coupling& c) { return c.a == layer && !c.lateral(); });
}

UnitConditionals::UnitConditionals(const Machine& machine, std::size_t layer, std::size_t rows) : machine_(machine), layer_(layer) {
  for (std::size_t c = 0; c < machine.wiring().couplings().size(); ++c) {
    const std::size_t other = machine.wiring().couplings()[c].b;
    neighbours_.push_back({other, c, machine.backend().tensor(rows, machine.places(other))});
  }
  biases_.resize(machine.places(layer));
  machine.backend().download(machine.unitParameters(layer), std::span<double>(biases_));
}

void UnitConditionals::load(const States& states) {
  std::vector<bool> given(machine_.wiring().layers().size(), false);
  given[layer_] = true;
  for (Neighbour& n : neighbours_) {
    n.fields->setRows(states.rows());
    layerFields(machine_, n.layer, states, given, *n.fields);
  }
  states_.resize(states.rows() * machine_.places(layer_));
  machine_.backend().download(states[layer_], std::span<double>(states_));
  for (auto* scratch : {&amount_, &difference_}) scratch->resize(states.rows());
}

void UnitConditionals::logProbabilities(std::span<const std::uint32_t> unit, std::span<double> out) {
  const std::size_t places = machine_.places(layer_);
  auto value = [&](std::size_t r) { return states_[r * places + unit[r]]; };
  for (std::size_t r = 0; r < out.size(); ++r) difference_[r] = biases_[unit[r]];
  for (const double target : {1.0, 0.0})
    for (const Neighbour& n : neighbours_) {
      for (std::size_t r = 0; r < out.size(); ++r) amount_[r] = target - value(r);
      const FieldShift shift{&machine_.weights(n.coupling), unit, amount_};
      const std::vector<double> part = reduced(machine_.backend(), out.size(), [&](const RowSum& sum) {
        machine_.backend().cumulants(machine_.unitsOf(n.layer), *n.fields, 1, &shift, sum);
      });
      for (std::size_t r = 0; r < out.size(); ++r) difference_[r] += target == 1 ? part[r] : -part[r];
    }
  for (std::size_t r = 0; r < out.size(); ++r)
    out[r] = value(r) * logSigmoid(difference_[r]) + (1 - value(r)) * logSigmoid(-difference_[r]);
}

}  // namespace boltzkit
