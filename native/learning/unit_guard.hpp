// Keeps the parameters of units where they have a meaning while a machine is trained: within what a
// file may hold, also where centring moves biases by steps on weights, and precisions within what single precision can
// take the exponential of. Holds the precisions of units whose data never move.
#pragma once
#include <string>
#include <vector>

#include "learning/gradient.hpp"

namespace boltzkit {

// The logarithm of a precision lies within +- this.
inline constexpr double largestLogPrecision = 80;

class UnitGuard {
 public:
  explicit UnitGuard(Machine& machine);

  // From now on the parameters that are no biases stay what they are at these places of a layer;
  // empty: at none.
  void hold(std::size_t layer, const std::vector<bool>& places);
  // Before an update, unless the outcome is a refusal.
  void remember(const StepOutcome& outcome);
  // After its steps: puts held parameters back. Refuses the update if parameters of a layer have lost their
  // meaning, under the number `first` + layer; then all units are as remembered.
  void check(std::size_t first, StepOutcome& outcome);

 private:
  Machine& machine_;
  struct Units {
    TensorPtr before;            // like the parameters
    TensorPtr held, heldValues;  // null: nothing is held
    std::vector<double> limits;  // of each parameter
  };
  std::vector<Units> units_;
};

}  // namespace boltzkit
