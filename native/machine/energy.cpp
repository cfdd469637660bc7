#include "machine/energy.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

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

// Free energies at beta = 1. If `measured` is false, leaves out -log m(s) of the given layers.
void negativeLogWeights(const Machine& machine, const States& states, const std::vector<bool>& given, bool measured,
                        std::span<double> out) {
  requireUncoupledRest(machine, given);
  Backend& backend = machine.backend();
  std::fill(out.begin(), out.end(), 0.0);
  std::vector<double> part(out.size());
  auto subtract = [&] { std::transform(out.begin(), out.end(), part.begin(), out.begin(), std::minus<>()); };
  for (std::size_t l = 0; l < given.size(); ++l) {
    if (given[l]) {
      Units units = machine.unitsOf(l);
      if (!measured) units.type = unmeasured(units.type);
      backend.unitEnergies(units, states[l], part);
      std::transform(out.begin(), out.end(), part.begin(), out.begin(), std::plus<>());
      continue;
    }
    TensorPtr fields = backend.tensor(states.rows(), machine.places(l));
    layerFields(machine, l, states, given, *fields);
    backend.cumulants(machine.unitsOf(l), *fields, 1, nullptr, part);
    subtract();
  }
  for (std::size_t c = 0; c < machine.wiring().couplings().size(); ++c) {
    const Coupling& coupling = machine.wiring().couplings()[c];
    if (!given[coupling.a] || !given[coupling.b]) continue;
    couplingProducts(machine, c, states, *backend.tensor(states.rows(), machine.places(coupling.b)), part);
    subtract();
  }
}

}  // namespace

void couplingProducts(const Machine& machine, std::size_t coupling, const States& states, Tensor& scratch, std::span<double> out) {
  const Coupling& c = machine.wiring().couplings()[coupling];
  scratch.setRows(states.rows());
  const FieldTerm term{&states[c.a], &machine.weights(coupling), false, c.lateral() ? 0.5 : 1, c.graph.get()};
  machine.backend().fields(std::span(&term, 1), false, scratch);
  machine.backend().rowDots(scratch, states[c.b], out);
}

bool summable(const Machine& machine, const std::vector<bool>& given) {
  const std::vector<Coupling>& couplings = machine.wiring().couplings();
  return std::all_of(couplings.begin(), couplings.end(), [&](const Coupling& c) { return given[c.a] || given[c.b]; });
}

void energies(const Machine& machine, const States& states, std::span<double> out) {
  freeEnergies(machine, states, std::vector<bool>(machine.wiring().layers().size(), true), out);
}

void temperedEnergies(const Machine& machine, const States& states, std::span<double> out) {
  negativeLogWeights(machine, states, std::vector<bool>(machine.wiring().layers().size(), true), false, out);
}

void freeEnergies(const Machine& machine, const States& states, const std::vector<bool>& given, std::span<double> out) {
  negativeLogWeights(machine, states, given, true, out);
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
  for (auto* scratch : {&amount_, &difference_, &part_}) scratch->resize(states.rows());
}

void UnitConditionals::logProbabilities(std::span<const std::uint32_t> unit, std::span<double> out) {
  const std::size_t places = machine_.places(layer_);
  auto value = [&](std::size_t r) { return states_[r * places + unit[r]]; };
  for (std::size_t r = 0; r < out.size(); ++r) difference_[r] = biases_[unit[r]];
  for (const double target : {1.0, 0.0})
    for (const Neighbour& n : neighbours_) {
      for (std::size_t r = 0; r < out.size(); ++r) amount_[r] = target - value(r);
      const FieldShift shift{&machine_.weights(n.coupling), unit, amount_};
      machine_.backend().cumulants(machine_.unitsOf(n.layer), *n.fields, 1, &shift, part_);
      for (std::size_t r = 0; r < out.size(); ++r) difference_[r] += target == 1 ? part_[r] : -part_[r];
    }
  for (std::size_t r = 0; r < out.size(); ++r)
    out[r] = value(r) * logSigmoid(difference_[r]) + (1 - value(r)) * logSigmoid(-difference_[r]);
}

}  // namespace boltzkit
