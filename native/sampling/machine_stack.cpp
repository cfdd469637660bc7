#include "sampling/machine_stack.hpp"

#include <string>
#include <utility>

namespace boltzkit {
namespace {

// The stream of a level is named by one byte.
constexpr std::size_t mostMachines = 256;

void requirePassable(const Machine& machine, std::size_t level) {
  if (machine.wiring().layers().size() < 2)
    throw parameterError("machine " + std::to_string(level + 1) + " of `through` needs a layer 1 that is coupled to its layer 0");
  Conditional(machine.backend(), machine, 0, 1, 1);
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
  levels_.clear();
  for (std::size_t level = 0; level < stack_->size(); ++level) {
    const Machine& machine = stack_->machine(level);
    below_.push_back(backend_.tensor(rows, machine.places(0)));
    levels_.emplace_back(backend_, machine, 0, 1, rows);
  }
}

Tensor& StackPass::input(std::size_t rows) {
  reserve(rows);
  for (const TensorPtr& tensor : below_) tensor->setRows(rows);
  return *below_.front();
}

void StackPass::run(const std::optional<DrawWords>& words, std::uint8_t firstLayer, Accuracy accuracy, Tensor& out) {
  for (std::size_t level = 0; level < stack_->size(); ++level) {
    Tensor& above = level + 1 < stack_->size() ? *below_[level + 1] : out;
    levels_[level].setAccuracy(accuracy);
    if (!words) {
      levels_[level].means(*below_[level], above);
      continue;
    }
    DrawWords own = *words;
    own.stream.layer = static_cast<std::uint8_t>(firstLayer + level);
    levels_[level].draw(*below_[level], own, above);
  }
}

}  // namespace boltzkit
