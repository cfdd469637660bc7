// The exact statistics of the model: all joint states that cannot be summed out are enumerated.
// This gives the exact gradient of the log-likelihood (Ackley, Hinton & Sejnowski, Cognitive
// Science 9 (1985), 147, eq. 6).
#include <cmath>
#include <cstdio>

#include "learning/enumerated_phase.hpp"
#include "learning/negative/negative_phase.hpp"

namespace boltzkit {
namespace {

constexpr double mostStates = 1 << 20;

Enumeration allOf(const Machine& machine, const std::vector<bool>& nothing) {
  for (const Layer& layer : machine.wiring().layers())
    if (keepsTotal(layer.type))
      throw parameterError("`algorithm` 'exact' cannot count the states of layer '" + layer.name +
                           "' of counts, whose totals are the data's");
  Enumeration enumeration(machine, nothing);
  if (std::isinf(enumeration.states()))
    throw parameterError("`algorithm` 'exact' must count the states of the layers " + enumeration.names() +
                         ", not all of which have finitely many");
  if (enumeration.states() > mostStates)
    throw parameterError("`algorithm` 'exact' counts at most " + countText(mostStates) + " joint states, this machine has " +
                         countText(enumeration.states()) + " of the layers " + enumeration.names());
  return enumeration;
}

class ExactExpectation final : public NegativePhase {
 public:
  explicit ExactExpectation(Machine& machine)
      : nothing_(machine.wiring().layers().size(), false), phase_(machine, allOf(machine, nothing_), nothing_) {}

  void subtract(const Phase& positive, const Tensor*, Gradient& gradient) override {
    phase_.forEach(positive.states, nullptr,
                   [&](const Phase& phase, const Tensor& weights) { gradient.accumulate(phase, &weights, -1, false); });
  }

 private:
  std::vector<bool> nothing_;
  EnumeratedPhase phase_;
};

}  // namespace

std::unique_ptr<NegativePhase> makeExactExpectation(Machine& machine) { return std::make_unique<ExactExpectation>(machine); }

}  // namespace boltzkit
