// Keeps training within the machines that have a distribution: couplings of units without bounds may grow until these drive each other to
// infinity, long before a parameter stops being finite.
#pragma once
#include <vector>

#include "machine/normalisable.hpp"

namespace boltzkit {

class NormalisableGuard {
 public:
  // Throws ParameterError unless the machine is normalisable as it stands.
  explicit NormalisableGuard(Machine& machine);

  // Looks after every update while that is cheap (up to 64 such units), else at the end of every epoch. Throws Error{divergence} and puts
  // back the parameters of the last look.
  void check(std::uint64_t step, bool endOfEpoch);
  // After a divergence of another kind: puts back the parameters of the last look if those of now have no distribution.
  void retreat();

 private:
  void remember(std::uint64_t step);
  void restore();

  Machine& machine_;
  Normalisable normalisable_;
  std::vector<TensorPtr> good_;  // all parameters; empty where there is nothing to guard
  std::uint64_t goodStep_ = 0;
};

}  // namespace boltzkit
