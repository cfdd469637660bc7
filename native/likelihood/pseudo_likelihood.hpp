// Log pseudo-likelihood (Besag 1975): log PL(s) = sum_i log p(s_i | s_-i) over the units of some
// layers, per row in nats. Layers that are not given are summed out. There are two ways:
//  * If all layers are given, the sum over all units follows from their fields at once.
//  * Otherwise it is the sum of the terms of single units (UnitConditionals).
#pragma once
#include <optional>
#include <string>

#include "core/interrupt.hpp"
#include "likelihood/unit_conditionals.hpp"
#include "likelihood/unit_picks.hpp"
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
  // Multiply-adds of the term of one unit, on average over the units. 0 if all layers are given.
  static double workPerUnit(const Machine& machine, const std::vector<bool>& given);

  // The sum over all units.
  void exact(const States& states, const Cancelled& cancelled, std::span<double> out);
  // The sum over these parts, of the term of one unit each times the size of its part: unbiased, and
  // cheaper. Row r uses the words of chain firstChain + r. If all layers are given, returns the sum
  // over all units, which costs no more.
  void estimate(const States& states, std::span<const UnitPart> parts, const Stream& stream, std::size_t firstChain, std::span<double> out);
  // out [rows, units] = the terms of all units, layer by layer in the order of `layers`.
  void terms(const States& states, std::span<const std::size_t> layers, const Cancelled& cancelled, std::span<double> out);

 private:
  void fromFields(const States& states, std::span<double> out);
  UnitConditionals& conditionals();

  const Machine& machine_;
  std::vector<bool> given_;
  bool allGiven_;
  std::size_t rows_;
  std::optional<UnitConditionals> conditionals_;
  std::optional<States> fields_;  // if all layers are given
};

// Log pseudo-likelihood of every row of the given layers. exact: sums over all units. Otherwise an
// unbiased estimate from one random unit per row and layer, see PseudoLikelihood::estimate.
void pseudoLikelihoodOf(Machine& machine, const std::vector<LayerRows>& given, bool exact, const Cancelled& cancelled,
                        std::span<double> out);

// out [rows, units] = -log p(s_i | s_-i) of every unit, layer by layer in the order of `given`.
void unitSurprises(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled, std::span<double> out);

}  // namespace boltzkit
