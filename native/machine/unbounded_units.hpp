// Whether states of units without bounds (gaussian, relu, doubleRelu) can run away together. Along a direction x of these units, x >= 0 where
// they are, the energy is in the end
//   Q(x) = 1/2 sum_i gamma_i(sign of x_i) x_i^2 - sum of W_ij x_i x_j over the coupled pairs,
// whatever bounded units there are and whatever the biases: where Q(x) < 0 for any x, exp(-E) has no finite integral.
#pragma once
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

class UnboundedUnits {
 public:
  explicit UnboundedUnits(const Machine& machine);

  // Units of the layers that are coupled to such layers or to themselves; without any there is nothing to check.
  std::size_t units() const { return units_; }
  // Whether a direction with Q < 0 was found: the machine then has no distribution. Not finding one proves nothing, save for a pair of units.
  // Where all of them are Gaussian none is looked for: GaussianPrecision knows.
  // Some dozens of products with the weights.
  bool runAway() const;

 private:
  // A layer's units in the scale in which Q of one unit alone is x^2 / 2.
  struct LayerScale {
    std::size_t units;
    bool negative;                 // whether states may be below 0
    std::vector<double> up, down;  // of states above and below 0, gamma^(-1/2)
    double scale(std::size_t i, double x) const { return x < 0 ? down[i] : up[i]; }
  };
  struct Weights {
    std::size_t a, b;  // numbers in layers_
    const Coupling* coupling;
    std::vector<double> values;
    double lateral = 0;  // of a layer on itself: more than any of its eigenvalues, in size
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
