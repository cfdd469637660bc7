#include "learning/negative/uncoupled_base.hpp"

#include "learning/start_values.hpp"

namespace boltzkit {
namespace {

// Adds a field [1, places] to the biases of a layer.
void addToBiases(const Machine& machine, std::size_t layer, const Tensor& field, Tensor& parameters) {
  std::vector<double> values = valuesOf(machine.backend(), parameters);
  const std::vector<double> shift = valuesOf(machine.backend(), field);
  for (std::size_t row = 0; row < parameters.rows(); ++row) {
    const bool bias = isBias(machine.wiring().layers()[layer].type, row);
    for (std::size_t j = 0; bias && j < shift.size(); ++j) values[row * shift.size() + j] += shift[j];
  }
  machine.backend().upload(std::span<const double>(values), parameters);
}

}  // namespace

Machine::ParameterSet uncoupledBase(Machine& machine, const LayerData& data) {
  const std::unique_ptr<Machine> base = machine.twin();
  for (std::size_t c = 0; c < machine.wiring().couplings().size(); ++c) machine.backend().fill(0, base->weights(c));
  const Cancelled never{false};
  const StartValues marginals(*base, data, {}, true, never);
  States means(machine, 1);
  for (std::size_t l = 0; l < means.layers.size(); ++l) {
    if (data.given()[l]) marginals.initialise(l);
    if (data.given()[l])
      marginals.offset(l, means[l]);
    else
      fieldlessMeans(machine, l, means[l]);
  }
  for (std::size_t l = 0; l < means.layers.size(); ++l) {
    if (data.given()[l]) continue;
    const TensorPtr field = machine.backend().tensor(1, machine.places(l));
    unitFields(machine, l, means, *field);
    addToBiases(machine, l, *field, base->unitParameters(l));
  }
  return base->copyParameters();
}

}  // namespace boltzkit
