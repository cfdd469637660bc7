// Energies and free energies, one double per row, in nats.
#pragma once
#include <cstdint>
#include <span>

#include "machine/states.hpp"

namespace boltzkit {

// E(s) of complete states.
void energies(const Machine& machine, const States& states, std::span<double> out);

// F(given) = -log sum over the other layers of exp(-E): the layers that are not given must not be coupled to each other.
// Throws ParameterError if they are.
void freeEnergies(const Machine& machine, const States& states, const std::vector<bool>& given, std::span<double> out);

// log p(v_i | v_-i) of single units of the Bernoulli layer `layer`, the uncoupled rest summed out, all at once for one unit per
// row: with d = F(v_i = 0) - F(v_i = 1), the cross-entropy v_i log sigmoid(d) + (1 - v_i) log sigmoid(-d).
class UnitConditionals {
 public:
  UnitConditionals(const Machine& machine, std::size_t layer, std::size_t rows);
  void load(const States& states);  // fields of these rows; call again when they change
  void logProbabilities(std::span<const std::uint32_t> unit, std::span<double> out);

 private:
  const Machine& machine_;
  std::size_t layer_;
  std::vector<TensorPtr> fields_;       // of the layers coupled to `layer_`
  TensorPtr bias_;
  std::vector<float> values_, biases_;  // host copies: the rows of `layer_`, its biases
  std::vector<double> shift_, sum_[2], part_;
};

}  // namespace boltzkit
