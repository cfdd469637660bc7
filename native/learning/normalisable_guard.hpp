// Keeps training within the set of normalisable machines. Couplings between unbounded units may
// grow until the units drive each other to infinity, long before a parameter overflows.
#pragma once
#include <vector>

#include "machine/normalisable.hpp"

namespace boltzkit {

class NormalisableGuard {
 public:
  // Throws ParameterError unless the machine is normalisable.
  explicit NormalisableGuard(Machine& machine);

  // Checks after every update if that is cheap (up to 64 such units), else at the end of every
  // epoch. On failure restores the parameters of the last successful check and throws
  // Error{divergence}.
  void check(std::uint64_t step, bool endOfEpoch);
  // Call after a divergence of another kind. Restores the parameters of the last check if the
  // current ones have no distribution.
  void retreat();

 private:
  void remember(std::uint64_t step);
  void restore();

  Machine& machine_;
  Normalisable normalisable_;
  std::vector<TensorPtr> good_;  // all parameters; empty if there is nothing to guard
  std::uint64_t goodStep_ = 0;
};

}  // namespace boltzkit
