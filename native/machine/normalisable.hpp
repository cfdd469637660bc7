// Whether a machine has a distribution at all. Layers of Gaussian units that are coupled to each other or to themselves have the joint precision
//   Lambda = diag(exp(logPrecision)) - W,
// and exp(-E) has a finite integral only where it is positive definite. What other units there are does not matter as long as they are
// bounded: they only move the mean.
#pragma once
#include <vector>

#include "machine/unbounded_units.hpp"

namespace boltzkit {

class GaussianPrecision {
 public:
  explicit GaussianPrecision(const Machine& machine);

  // Gaussian units in couplings with each other; without any there is nothing to check.
  std::size_t units() const { return first_.size(); }
  // By Cholesky factors within the envelope of the matrix: n^3 / 6 operations if all units are coupled, few along a chain or a grid.
  bool positiveDefinite() const;

 private:
  void addDense(std::size_t coupling, std::vector<std::vector<double>>& rows) const;
  void addGraph(std::size_t coupling, std::vector<std::vector<double>>& rows) const;
  std::vector<std::vector<double>> matrix() const;

  const Machine& machine_;
  std::vector<std::size_t> layers_, offsets_;  // which layers, and the number of their first unit
  std::vector<std::size_t> couplings_;
  std::vector<std::size_t> first_;  // per unit: the first column of its row that is not zero
};

// What is known about whether a machine has a distribution; its wiring is looked at once, its parameters at every question.
class Normalisable {
 public:
  explicit Normalisable(const Machine& machine) : precision_(machine), unbounded_(machine) {}

  // Units whose couplings decide; where every coupling has bounded units on one side there is nothing to check.
  std::size_t units() const { return unbounded_.units(); }
  // Whether the machine may have a distribution: false is certain, true only where all that is coupled without bounds is Gaussian.
  bool holds() const { return (precision_.units() == 0 || precision_.positiveDefinite()) && !unbounded_.runAway(); }

 private:
  GaussianPrecision precision_;
  UnboundedUnits unbounded_;
};

// Throws ParameterError where it is certain that the machine has no distribution.
void requireNormalisable(const Machine& machine);

}  // namespace boltzkit
