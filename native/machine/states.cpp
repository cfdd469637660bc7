#include "machine/states.hpp"

#include <cmath>

namespace boltzkit {

States::States(const Machine& machine, std::size_t rows) {
  for (const Layer& layer : machine.wiring().layers()) layers.push_back(machine.backend().tensor(rows, layer.places));
}

void States::setRows(std::size_t n) {
  for (TensorPtr& layer : layers) layer->setRows(n);
}

void drawWithoutField(Backend& backend, const Units& units, std::size_t layer, Stream stream, std::uint32_t firstChain, Tensor& states) {
  const TensorPtr noField = backend.tensor(states.rows(), states.cols());
  stream.layer = static_cast<std::uint8_t>(layer);
  backend.updateUnits({units, 1, stream, firstChain, &states}, *noField, nullptr, &states);
}

void requireBoundedStates(const Machine& machine, const States& states) {
  std::vector<float> values;
  for (std::size_t l = 0; l < states.layers.size(); ++l) {
    const Layer& layer = machine.wiring().layers()[l];
    if (visitUnit(layer.type, [&](auto unit) { return decltype(unit)::domain(layer.size).high != unbounded; })) continue;
    values.resize(states.rows() * layer.places);
    machine.backend().download(states[l], std::span<float>(values));
    for (const float value : values)
      if (!(std::fabs(value) <= largestState))
        throw Error(ErrorCode::divergence,
                    "states of layer '" + layer.name + "' ran away, to " + decimal(value) +
                        ": its units are coupled to others without bounds, and together they have no distribution; make "
                        "the weights smaller or the precisions larger");
  }
}

std::vector<FieldTerm> fieldTerms(const Machine& machine, std::size_t layer, const States& states, const std::vector<bool>& from) {
  std::vector<FieldTerm> terms;
  const std::vector<Coupling>& couplings = machine.wiring().couplings();
  for (std::size_t c = 0; c < couplings.size(); ++c) {
    if ((couplings[c].a != layer && couplings[c].b != layer) || couplings[c].lateral()) continue;
    // Weights are [a, b], so a field on a needs their transpose.
    const bool transposed = couplings[c].a == layer;
    const std::size_t other = transposed ? couplings[c].b : couplings[c].a;
    if (from.empty() || from[other]) terms.push_back({&states[other], &machine.weights(c), transposed});
  }
  return terms;
}

void layerFields(const Machine& machine, std::size_t layer, const States& states, const std::vector<bool>& from, Tensor& out) {
  machine.backend().fields(fieldTerms(machine, layer, states, from), false, out);
}

void addLateralFields(const Machine& machine, std::size_t layer, const States& states, Tensor& out) {
  const Coupling* lateral = machine.wiring().lateral(layer);
  if (!lateral) return;
  const FieldTerm term{&states[layer], &machine.lateralWeights(layer), false, 1, lateral->graph.get()};
  machine.backend().fields(std::span(&term, 1), true, out);
}

void unitFields(const Machine& machine, std::size_t layer, const States& states, Tensor& out) {
  layerFields(machine, layer, states, {}, out);
  addLateralFields(machine, layer, states, out);
}

}  // namespace boltzkit
