// Checks whether a machine has a distribution at all. Layers of Gaussian units that are coupled to
// each other or to themselves have the joint precision
//   Lambda = diag(exp(logPrecision)) - W.
// The integral of exp(-E) is finite only if Lambda is positive definite. Bounded units do not
// matter here: they only move the mean.
#pragma once
#include <vector>

#include "machine/unbounded_units.hpp"

namespace boltzkit {

class GaussianPrecision {
 public:
  explicit GaussianPrecision(const Machine& machine);

  // Number of Gaussian units that are coupled to Gaussian units. If 0, there is nothing to check.
  std::size_t units() const { return first_.size(); }
  // By Cholesky factorisation within the envelope of the matrix: n^3 / 6 operations if all units
  // are coupled, few along a chain or a grid.
  bool positiveDefinite() const;

 private:
  void addDense(std::size_t coupling, std::vector<std::vector<double>>& rows) const;
  void addGraph(std::size_t coupling, std::vector<std::vector<double>>& rows) const;
  std::vector<std::vector<double>> matrix() const;

  const Machine& machine_;
  // Layers that take part; by layer of the machine, the index of its first unit in the matrix.
  std::vector<std::size_t> layers_, offsets_;
  std::vector<std::size_t> couplings_;
  std::vector<std::size_t> first_;  // per unit: first nonzero column of its row
};

// Collects what is known about whether a machine has a distribution. Reads the wiring once, and the
// parameters at every call.
class Normalisable {
 public:
  explicit Normalisable(const Machine& machine) : precision_(machine), unbounded_(machine) {}

  // Number of units whose couplings matter here. If every coupling has bounded units on one side,
  // it is 0 and there is nothing to check.
  std::size_t units() const { return unbounded_.units(); }
  // The couplings between unbounded units.
  const std::vector<std::size_t>& couplings() const { return unbounded_.couplings(); }
  // False: the machine certainly has no distribution. True is certain only if all unbounded units
  // that are coupled to each other are Gaussian.
  bool holds() const { return (precision_.units() == 0 || precision_.positiveDefinite()) && !unbounded_.runAway(); }

 private:
  GaussianPrecision precision_;
  UnboundedUnits unbounded_;
};

// Throws ParameterError if the machine certainly has no distribution.
void requireNormalisable(const Machine& machine);

}  // namespace boltzkit
