// Detects couplings that explode while their weights are still finite. The load of a coupling is
// the energy in nats of a typical weight,
//   load_ab = rms(W_ab) x_a x_b,
// where x = 1 for units of limited range (per trial, per word) and x = rms(exp(-logPrecision / 2))
// for all others. It is the root mean square energy over all pairs of units, each at the deviation
// from its mean that it would have without neighbours. The load does not depend on the scale of the
// data. At a load of 1000 a single typical pair has odds of exp(1000). Useful machines stay below
// 10, so a limit of 1000 gives no false alarm. A run that diverges exceeds it many updates before
// floats overflow.
#pragma once
#include <cstdint>
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

// Limit of a coupling's load, and the factor by which a run may raise a load that exceeds a tenth
// of the limit at its start.
inline constexpr double largestLoad = 1000, largestLoadGrowth = 10;
// Updates between two checks. A check reads all weights once, which is below 0.1 % of the work of
// 64 updates.
inline constexpr std::uint64_t updatesPerCheck = 64;

class ExplosionGuard {
 public:
  explicit ExplosionGuard(const Machine& machine);
  // Sets the limits for a run that starts from the current machine.
  void begin();
  // Call after update number `step` (from 1). Checks every updatesPerCheck updates, and if
  // `always`. Throws Error{divergence} that names the update and the coupling.
  void check(std::uint64_t step, bool always) const;
  // Limits of all couplings, [1, couplings].
  Tensor& limits() { return *limits_; }

 private:
  double spread(std::size_t layer) const;
  std::vector<double> loads() const;

  const Machine& machine_;
  TensorPtr limits_;
};

}  // namespace boltzkit
