// Log pseudo-likelihood (Besag 1975): log PL(s) = sum_i log p(s_i | s_-i) over the units of some
// layers, per row in nats. Layers that are not given are summed out. There are three ways:
//  * If all layers are given, every unit's conditional follows from its field.
//  * For one Bernoulli layer it follows from differences of free energies (UnitConditionals).
//  * Otherwise the free energy is computed for every value that the unit may have.
#pragma once
#include <optional>
#include <string>

#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

class PseudoLikelihood {
 public:
  // `rows` is the largest number of rows in one call. Throws ParameterError if there is an
  // obstacle.
  PseudoLikelihood(const Machine& machine, const std::vector<bool>& given, std::size_t rows);
  // The reason why rows of these layers have no pseudo-likelihood, if there is one.
  static std::optional<std::string> obstacle(const Machine& machine, const std::vector<bool>& given);

  // The sum over all units.
  void exact(const States& states, const Cancelled& cancelled, std::span<double> out);
  // units * the term of one random unit per row; row r uses the words of chain firstChain + r.
  // Unbiased, and `units` times cheaper than the sum. If all layers are given, returns the sum
  // itself, which costs no more.
  void estimate(const States& states, const Stream& stream, std::size_t firstChain, std::span<double> out);

 private:
  void fromFields(const States& states, std::span<double> out);
  void terms(const States& states, std::span<const std::uint32_t> unit, std::span<double> out);
  void valueByValue(const States& states, std::span<const std::uint32_t> unit, std::span<double> out);
  // The layer of a unit and the unit's number in it.
  std::pair<std::size_t, std::size_t> place(std::uint32_t unit) const;

  const Machine& machine_;
  std::vector<bool> given_;
  bool allGiven_;
  std::size_t units_ = 0;
  std::optional<UnitConditionals> differences_;
  States scratch_;
};

// Log pseudo-likelihood of every row of the given layers. exact: sums over all units. Otherwise an
// unbiased estimate from one unit per row, see PseudoLikelihood::estimate.
void pseudoLikelihoodOf(Machine& machine, const std::vector<LayerRows>& given, bool exact, const Cancelled& cancelled,
                        std::span<double> out);

}  // namespace boltzkit
