// Checks whether unbounded units (gaussian, relu, doubleRelu) can diverge together. Far out along a
// direction x of these units, with x >= 0 for relu units, the energy grows like
//   Q(x) = 1/2 sum_i gamma_i(sign of x_i) x_i^2 - sum of W_ij x_i x_j over the coupled pairs.
// Bounded units and biases do not change this. If Q(x) < 0 for any x, the integral of exp(-E) is
// infinite.
#pragma once
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

class UnboundedUnits {
 public:
  explicit UnboundedUnits(const Machine& machine);

  // Number of places in unbounded layers that are coupled to unbounded layers or to themselves. If
  // 0, there is nothing to check.
  std::size_t units() const { return units_; }
  // The couplings whose units on both sides are unbounded.
  const std::vector<std::size_t>& couplings() const { return couplings_; }
  // True if it finds a direction with Q < 0; then the machine has no distribution. False proves
  // nothing, except for a single pair of units. If all of these units are Gaussian it returns false
  // without a search, since GaussianPrecision decides exactly. Costs some dozens of products with
  // the weights.
  bool runAway() const;

 private:
  // The units of one layer, scaled such that Q of a single unit is x^2 / 2.
  struct LayerScale {
    std::size_t units;
    bool negative;                 // true if states may be below 0
    std::vector<double> up, down;  // gamma^(-1/2) for states above and below 0
    double scale(std::size_t i, double x) const { return x < 0 ? down[i] : up[i]; }
  };
  struct Weights {
    std::size_t a, b;  // indices in layers_
    const Coupling* coupling;
    std::vector<double> values;
    // For a lateral coupling: an upper bound on the size of its eigenvalues.
    double lateral = 0;
  };
  using Direction = std::vector<std::vector<double>>;  // by layer
  struct Snapshot {
    std::vector<LayerScale> layers;
    std::vector<Weights> weights;
  };

  Snapshot snapshot() const;
  static bool pairRunsAway(const Snapshot& s);
  static double quotient(const Snapshot& s, const Direction& x);
  static bool climbs(const Snapshot& s, Direction x);

  const Machine& machine_;
  std::vector<std::size_t> couplings_, layers_;
  std::size_t units_ = 0;
  bool allGaussian_ = true;
};

}  // namespace boltzkit
