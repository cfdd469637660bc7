// The likelihood of data under independent units, the baseline of what a machine learns: each unit
// has the distribution of its type that fits its column of the training rows best.
#pragma once
#include <vector>

#include "likelihood/unit_picks.hpp"
#include "machine/states.hpp"

namespace boltzkit {

class IndependentUnits {
 public:
  // True if the best fit of every unit of the given layers is known: types with linear statistics,
  // except counts, and Gaussian units.
  static bool possible(const Machine& machine, const std::vector<bool>& given);
  // `parameters`: fitted unit parameters [parameters, places] by layer.
  IndependentUnits(const Machine& machine, std::vector<std::vector<double>> parameters);

  // out[r] = sum over the parts of part.count * log p of the unit that the part picks in row r; the
  // picks are those of PseudoLikelihood::estimate.
  void logLikelihoods(const States& states, std::span<const UnitPart> parts, const Stream& stream, std::size_t firstChain,
                      std::span<double> out) const;

 private:
  const Machine& machine_;
  std::vector<std::vector<double>> parameters_, cumulants_;  // by layer: [parameters, places], [units]
};

}  // namespace boltzkit
