// log PL(s) = sum_i log p(s_i | s_-i) of the units of some layers (Besag 1975), per row in nats; layers that are not given are summed out.
// Three ways: with all layers given every unit's conditional follows from its field; for one Bernoulli layer there are differences of free
// energies (UnitConditionals); otherwise the free energy is taken anew for every value that the unit may have.
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
  // `rows` is the largest number of rows in one call. Throws ParameterError with obstacle().
  PseudoLikelihood(const Machine& machine, const std::vector<bool>& given, std::size_t rows);
  // Why there is none for rows of these layers, if so.
  static std::optional<std::string> obstacle(const Machine& machine, const std::vector<bool>& given);

  // The sum over all units.
  void exact(const States& states, const Cancelled& cancelled, std::span<double> out);
  // The number of units times the term of one unit drawn per row, row r being chain firstChain + r: unbiased, and that many times cheaper.
  // With all layers given it is the sum itself, which costs no more.
  void estimate(const States& states, const Stream& stream, std::size_t firstChain, std::span<double> out);

 private:
  void fromFields(const States& states, std::span<double> out);
  void terms(const States& states, std::span<const std::uint32_t> unit, std::span<double> out);
  void valueByValue(const States& states, std::span<const std::uint32_t> unit, std::span<double> out);
  // The layer of a unit and its number there.
  std::pair<std::size_t, std::size_t> place(std::uint32_t unit) const;

  const Machine& machine_;
  std::vector<bool> given_;
  bool allGiven_;
  std::size_t units_ = 0;
  std::optional<UnitConditionals> differences_;
  States scratch_;
};

// Log pseudo-likelihood per row of the layers given, the others summed out (Besag 1975). exact: the sum over all units; otherwise `units`
// times the log-probability of one unit drawn per row: unbiased, and `units` times cheaper.
void pseudoLikelihoodOf(Machine& machine, const std::vector<LayerRows>& given, bool exact, const Cancelled& cancelled,
                        std::span<double> out);

}  // namespace boltzkit
