// Keeps unit parameters within valid limits during training. Biases stay within what a file may
// hold, also when centring moves them by steps on weights. Log precisions stay within the range
// where single precision can take their exponential. Holds the precisions of units whose data are
// constant.
#pragma once
#include <string>
#include <vector>

#include "learning/gradient.hpp"

namespace boltzkit {

// Bound of the absolute value of a log precision.
inline constexpr double largestLogPrecision = 80;

class UnitGuard {
 public:
  explicit UnitGuard(Machine& machine);

  // Holds all parameters but biases at these places of a layer, from now on. Empty: holds none.
  void hold(std::size_t layer, const std::vector<bool>& places);
  // Call before an update. Saves the unit parameters, unless the outcome is a refusal.
  void remember(const StepOutcome& outcome);
  // Call after its steps. Restores held parameters. Refuses the update, with index `first` + layer,
  // if a layer's parameters exceed their limits. After a refusal all units have the saved
  // parameters.
  void check(std::size_t first, StepOutcome& outcome);

 private:
  Machine& machine_;
  struct Units {
    TensorPtr before;            // shape of the parameters
    TensorPtr held, heldValues;  // null: nothing is held
    std::vector<double> limits;  // per parameter
  };
  std::vector<Units> units_;
};

}  // namespace boltzkit
