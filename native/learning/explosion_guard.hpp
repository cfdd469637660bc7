// Notices couplings that run away while they are still finite. A coupling's load is what one of its weights typically weighs in nats,
//   load_ab = rms(W_ab) x_a x_b,   x = 1 for units of limited range (per trial, per word), rms(exp(-logPrecision / 2)) for the others,
// the root mean square over all pairs of the energy between two units that stray from their means as a unit without neighbours would. It does not
// depend on the scale of the data. At a load of 1000 a typical single pair decides with odds of exp(1000); machines of any use stay
// below 10, so that a limit of 1000 gives no false alarm, and a run that diverges passes it many updates before float's end.
#pragma once
#include <cstdint>
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

// Limit of a coupling's load, and how far a run may carry one that was beyond a tenth of it to begin with.
inline constexpr double largestLoad = 1000, largestLoadGrowth = 10;
// Updates from one look to the next: a look reads all weights once, which 64 updates hide (below 0.1 % of them).
inline constexpr std::uint64_t updatesPerLook = 64;

class ExplosionGuard {
 public:
  explicit ExplosionGuard(const Machine& machine);
  // Limits for a run that begins with the machine as it stands.
  void begin();
  // After update number `step` (from 1), every so often and where `always`. Throws Error{divergence} naming the update and the coupling.
  void check(std::uint64_t step, bool always) const;
  // Limits of all couplings [1, couplings].
  Tensor& limits() { return *limits_; }

 private:
  double spread(std::size_t layer) const;
  std::vector<double> loads() const;

  const Machine& machine_;
  TensorPtr limits_;
};

}  // namespace boltzkit
