#include "sampling/machine_stack.hpp"

#include <string>
#include <utility>

namespace boltzkit {
namespace {

// The stream of a level is named by one byte.
constexpr std::size_t mostMachines = 256;

const Coupling* couplingOf(const Machine& machine) {
  for (const Coupling& c : machine.wiring().couplings())
    if ((c.a == 0 && c.b == 1) || (c.a == 1 && c.b == 0)) return &c;
  return nullptr;
}

void requirePassable(const Machine& machine, std::size_t level) {
  const std::string which = "machine " + std::to_string(level + 1) + " of `through`";
  if (machine.wiring().layers().size() < 2 || !couplingOf(machine))
    throw parameterError(which + " needs a layer 1 that is coupled to its layer 0");
  if (machine.wiring().lateral(1))
    throw parameterError(which + " must not couple layer '" + machine.wiring().layers()[1].name +
                         "' to itself: its units have no closed form given layer '" + machine.wiring().layers()[0].name + "'");
  if (keepsTotal(machine.wiring().layers()[1].type))
    throw parameterError(which + " must not have counts as layer '" + machine.wiring().layers()[1].name + "': their total is not known");
}

// Whether values of `from` may be values of `to`: its means, or its states.
bool mayHold(const Layer& from, const Layer& to, Draw draw) {
  if (from.type == to.type && from.size == to.size) return draw == Draw::sample || !domainOf(to).integers;
  const Domain given = domainOf(from), wanted = domainOf(to);
  if (given.low < wanted.low || given.high > wanted.high) return false;
  if (wanted.integers && !(given.integers && draw == Draw::sample)) return false;
  return !wanted.bindsSums() || (given.group == wanted.group && given.leastSum >= wanted.leastSum && given.mostSum <= wanted.mostSum);
}

void requireHolds(const Layer& from, const Layer& to, Draw draw) {
  if (from.places != to.places)
    throw shapeError("rows seen through machines must have " + std::to_string(to.places) + " columns (units of '" + to.name +
                     "'), layer '" + from.name + "' below has " + std::to_string(from.places));
  if (!mayHold(from, to, draw))
    throw parameterError(std::string(draw == Draw::sample ? "draws" : "means") + " of layer '" + from.name +
                         "' lie outside the domain of layer '" + to.name + "' above it");
}

void requireSameBackend(const Backend& below, const Backend& above) {
  if (std::string(below.name()) != above.name())
    throw parameterError("machines that are seen through must be of the same device as the one that asks, got '" +
                         std::string(below.name()) + "' and '" + above.name() + "'");
}

}  // namespace

MachineStack::MachineStack(std::vector<std::shared_ptr<const Machine>> machines, Draw draw) : machines_(std::move(machines)), draw_(draw) {
  if (machines_.empty() || machines_.size() > mostMachines)
    throw parameterError("`through` needs 1 to " + std::to_string(mostMachines) + " machines, got " + std::to_string(machines_.size()));
  for (std::size_t level = 0; level < machines_.size(); ++level) {
    requirePassable(*machines_[level], level);
    if (level == 0) continue;
    requireSameBackend(machines_[level - 1]->backend(), machines_[level]->backend());
    requireHolds(machines_[level - 1]->wiring().layers()[1], machines_[level]->wiring().layers()[0], draw);
  }
}

void MachineStack::requireFits(const Layer& layer) const { requireHolds(top(), layer, draw_); }

void MachineStack::requireOn(const Backend& above) const { requireSameBackend(machines_.back()->backend(), above); }

void StackPass::reserve(std::size_t rows) {
  if (!below_.empty() && below_.front()->capacity() >= rows) return;
  below_.clear();
  fields_.clear();
  for (std::size_t level = 0; level < stack_->size(); ++level) {
    const Machine& machine = stack_->machine(level);
    below_.push_back(backend_.tensor(rows, machine.places(0)));
    fields_.push_back(backend_.tensor(rows, machine.places(1)));
  }
}

Tensor& StackPass::input(std::size_t rows) {
  reserve(rows);
  for (std::vector<TensorPtr>* tensors : {&below_, &fields_})
    for (const TensorPtr& tensor : *tensors) tensor->setRows(rows);
  return *below_.front();
}

void StackPass::run(const std::optional<DrawWords>& words, std::uint8_t firstLayer, Accuracy accuracy, Tensor& out) {
  for (std::size_t level = 0; level < stack_->size(); ++level) {
    const Machine& machine = stack_->machine(level);
    const Coupling* coupling = couplingOf(machine);
    const auto index = static_cast<std::size_t>(coupling - machine.wiring().couplings().data());
    const FieldTerm term{below_[level].get(), &machine.weights(index), coupling->a == 1, 1, nullptr, accuracy};
    UnitUpdate update{machine.unitsOf(1)};
    if (words) update.stream = words->stream, update.firstChain = words->firstChain;
    update.stream.layer = static_cast<std::uint8_t>(firstLayer + level);
    Tensor& above = level + 1 < stack_->size() ? *below_[level + 1] : out;
    backend_.fieldsAndUnits(std::span(&term, 1), update, *fields_[level], words ? nullptr : &above, words ? &above : nullptr);
  }
}

}  // namespace boltzkit
