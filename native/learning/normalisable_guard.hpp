// Keeps training within the set of normalisable machines. Couplings between unbounded units may
// grow until the units drive each other to infinity, long before a parameter overflows. Correlated
// data lie close to that limit, so a step that passes it by little is put right: the weights between
// unbounded units are scaled back. That depends on the current parameters alone, so a resumed run
// does the same.
#pragma once
#include <vector>

#include "machine/normalisable.hpp"

namespace boltzkit {

class NormalisableGuard {
 public:
  // `frozen`: by parameter, true if nothing may change it. Throws ParameterError unless the machine
  // is normalisable.
  NormalisableGuard(Machine& machine, const std::vector<bool>& frozen);

  // Checks after every update if that is cheap (up to 64 such units), else at the end of every
  // epoch, and scales weights back if that is necessary. If it does not suffice, restores the
  // parameters of the last successful check and throws Error{divergence}.
  void check(std::uint64_t step, bool endOfEpoch);
  // Call after a divergence of another kind. Restores the parameters of the last check if the
  // current ones have no distribution.
  void retreat();

 private:
  void remember(std::uint64_t step);
  void restore();
  bool scaledBack();

  Machine& machine_;
  Normalisable normalisable_;
  std::vector<std::size_t> movable_;  // parameters: weights between unbounded units
  std::vector<TensorPtr> good_;       // all parameters; empty if there is nothing to guard
  std::uint64_t goodStep_ = 0;
};

}  // namespace boltzkit
