#include "learning/directed_gradient.hpp"

#include "learning/gradient.hpp"
#include "learning/phases.hpp"

namespace boltzkit {

DirectedGradient::DirectedGradient(Backend& backend, Machine& machine, std::size_t given, std::size_t target, std::size_t rows,
                                   std::uint64_t reuse)
    : backend_(backend),
      machine_(machine),
      conditional_(backend, machine, given, target, rows),
      linear_(linear(machine, target)),
      rounds_(ofUnitSize(machine.wiring().layers()[given]) && ofUnitSize(machine.wiring().layers()[target])),
      difference_(backend.tensor(rows, machine.places(target))) {
  conditional_.setAccuracy(Accuracy::draws, reuse);
  unitGradient_ = backend.tensor(units().rows(), units().cols());
  gradient_ = backend.tensor(weights().rows(), weights().cols());
}

void DirectedGradient::learn(const Tensor& given, const Tensor& target, const Tensor* rowWeights, double each) {
  difference_->setRows(target.rows());
  conditional_.means(given, *difference_);
  const Units units = machine_.unitsOf(conditional_.target());
  backend_.unitStatistics(units, target, nullptr, rowWeights, each, 0, *unitGradient_);
  backend_.unitStatistics(units, *difference_, linear_ ? nullptr : &conditional_.fields(), rowWeights, -each, 1, *unitGradient_);
  backend_.axpby(1, target, -1, *difference_);
  const bool upright = conditional_.upright();
  term_ = {upright ? &given : difference_.get(), upright ? difference_.get() : &given, rowWeights, each,
           rounds_ ? Accuracy::statistics : Accuracy::full};
}

ParameterSlot DirectedGradient::unitSlot() { return {&units(), unitGradient_.get(), nullptr, nullptr}; }

ParameterSlot DirectedGradient::weightSlot() {
  ParameterSlot slot{&weights(), gradient_.get(), nullptr, nullptr};
  slot.terms = std::span(&term_, 1);
  slot.keepStep = false;
  return slot;
}

}  // namespace boltzkit
