// The ratio of two partition functions, from samples of both distributions.
//   Bennett, "Efficient estimation of free energy differences from Monte Carlo data",
//   J. Comput. Phys. 22 (1976), 245, eq. 12a and 10b.
//   From the works along a path in both directions: Crooks, Phys. Rev. E 61 (2000), 2361; Shirts,
//   Bair, Hooker & Pande, PRL 91 (2003), 140601.
// Deviation: uses u = log p1*(x) - log p0*(x), the log ratio of unnormalised probabilities, where
// physics uses works W = -u.
#pragma once
#include <span>

namespace boltzkit {

struct LogRatio {
  double value;          // log(Z1 / Z0), in nats
  double standardError;  // for independent samples, to first order
  double freedom;        // degrees of freedom of that error (Welch, Biometrika 34 (1947), 28)
  // Mean acceptance between the two, in (0, 1]: 1 for equal distributions, near 0 if they do not
  // overlap.
  double overlap;
};

// `from0`: u of samples of p0. `from1`: u of samples of p1. Neither may be empty, and all values
// must be finite.
LogRatio bennettRatio(std::span<const double> from0, std::span<const double> from1);
// Sample i of p1 belongs to group i mod `groups`; at least two groups. Samples of one group may be
// dependent in any way.
LogRatio bennettRatio(std::span<const double> from0, std::span<const double> from1, std::size_t groups);

}  // namespace boltzkit
