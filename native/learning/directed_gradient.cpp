#include "learning/directed_gradient.hpp"

#include "learning/phases.hpp"

namespace boltzkit {
namespace {

// Only the units of the target move.
std::vector<bool> heldLayers(const Machine& machine, std::size_t target, bool frozenUnits) {
  std::vector<bool> held(machine.wiring().layers().size(), true);
  held[target] = frozenUnits;
  return held;
}

}  // namespace

DirectedGradient::DirectedGradient(Backend& backend, Machine& machine, std::size_t given, std::size_t target, std::size_t rows,
                                   std::uint64_t reuse, Frozen frozen)
    : backend_(backend),
      machine_(machine),
      conditional_(backend, machine, given, target, rows),
      gradient_(machine, heldLayers(machine, target, frozen.units), &backend),
      linear_(linear(machine, target)),
      rounds_(ofUnitSize(machine.wiring().layers()[given]) && ofUnitSize(machine.wiring().layers()[target])),
      frozenWeights_(frozen.weights),
      difference_(backend.tensor(rows, machine.places(target))) {
  conditional_.setAccuracy(Accuracy::draws, reuse);
}

void DirectedGradient::learn(const Tensor& given, const Tensor& target, const Tensor* rowWeights, double each, Offsets offsets) {
  difference_->setRows(target.rows());
  conditional_.means(given, *difference_);
  const std::size_t layer = conditional_.target(), coupling = conditional_.coupling();
  gradient_.addUnits(layer, target, nullptr, rowWeights, each, true);
  gradient_.addUnits(layer, *difference_, linear_ ? nullptr : &conditional_.fields(), rowWeights, -each);
  if (frozenWeights_) return gradient_.clear(coupling);
  backend_.axpby(1, target, -1, *difference_);
  const bool upright = conditional_.upright();
  gradient_.setProduct(coupling, {upright ? &given : difference_.get(), upright ? difference_.get() : &given, rowWeights, each,
                                  rounds_ ? Accuracy::statistics : Accuracy::full});
  if (!offsets.empty()) gradient_.centre(offsets);
}

ParameterSlot DirectedGradient::unitSlot() {
  const std::size_t layer = conditional_.target();
  return {&machine_.unitParameters(layer), &gradient_.units(layer), nullptr, nullptr};
}

ParameterSlot DirectedGradient::weightSlot() {
  const std::size_t coupling = conditional_.coupling();
  ParameterSlot slot{&machine_.weights(coupling), &gradient_.step(coupling), nullptr, nullptr};
  slot.terms = gradient_.terms(coupling);
  return slot;
}

}  // namespace boltzkit
