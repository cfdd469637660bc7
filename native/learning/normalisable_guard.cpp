#include "learning/normalisable_guard.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t cheapUnits = 64;
// Factor of the weights, and how often a step is scaled back at most. What lies further beyond the
// limit comes of chains that have run away.
constexpr double scale = 0.9;
constexpr int mostScales = 8;

}  // namespace

NormalisableGuard::NormalisableGuard(Machine& machine, const std::vector<bool>& frozen) : machine_(machine), normalisable_(machine) {
  requireNormalisable(machine);
  if (normalisable_.units() == 0) return;
  for (const std::size_t c : normalisable_.couplings()) {
    const std::size_t parameter = machine.wiring().layers().size() + c;
    if (!frozen[parameter]) movable_.push_back(parameter);
  }
  for (const NamedTensor& p : machine.parameters()) good_.push_back(machine.backend().tensor(p.tensor->rows(), p.tensor->cols()));
  remember(0);
}

void NormalisableGuard::remember(std::uint64_t step) {
  const std::vector<NamedTensor> parameters = machine_.parameters();
  for (std::size_t i = 0; i < good_.size(); ++i) machine_.backend().axpby(1, *parameters[i].tensor, 0, *good_[i]);
  goodStep_ = step;
}

void NormalisableGuard::restore() {
  const std::vector<NamedTensor> parameters = machine_.parameters();
  for (std::size_t i = 0; i < good_.size(); ++i) machine_.backend().axpby(1, *good_[i], 0, *parameters[i].tensor);
}

bool NormalisableGuard::scaledBack() {
  const std::vector<NamedTensor> parameters = machine_.parameters();
  for (int k = 0; !movable_.empty() && k < mostScales; ++k) {
    for (const std::size_t i : movable_) machine_.backend().axpby(0, *good_[i], scale, *parameters[i].tensor);
    if (normalisable_.holds()) return true;
  }
  return false;
}

void NormalisableGuard::retreat() {
  if (!good_.empty() && !normalisable_.holds()) restore();
}

void NormalisableGuard::check(std::uint64_t step, bool endOfEpoch) {
  if (good_.empty() || (normalisable_.units() > cheapUnits && !endOfEpoch)) return;
  if (normalisable_.holds() || scaledBack()) return remember(step);
  restore();
  throw Error(ErrorCode::divergence,
              "by update " + std::to_string(step) +
                  " the machine would have no distribution (units without bounds that are coupled to each other would "
                  "drive each other to infinity); parameters are those after update " +
                  std::to_string(goodStep_));
}

}  // namespace boltzkit
