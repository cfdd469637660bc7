// Whether a machine has a distribution at all. Layers of Gaussian units that are coupled to each other or to themselves have the joint precision
//   Lambda = diag(exp(logPrecision)) - W,
// and exp(-E) has a finite integral only where it is positive definite. What other units there are does not matter as long as they are
// bounded: they only move the mean.
#pragma once
#include <vector>

#include "machine/machine.hpp"

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

// Throws ParameterError unless the machine's distribution exists, as far as Gaussian units decide.
void requireNormalisable(const Machine& machine);

}  // namespace boltzkit
