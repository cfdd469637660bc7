// Energies and free energies, one double per row, in nats.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

// E(s) of complete states.
void energies(const Machine& machine, const States& states, std::span<double> out);

// The part of E(s) that an inverse temperature multiplies: E(s) + log m(s), with m the units' own measure (binomial, counts). So
// p(s; beta) is proportional to m(s) exp(-beta out), and swaps and descents in temperature go by this.
void temperedEnergies(const Machine& machine, const States& states, std::span<double> out);

// out = s_a^T W_ab s_b of one coupling, each pair once where a layer is coupled to itself; `scratch` [rows, units of b].
void couplingProducts(const Machine& machine, std::size_t coupling, const States& states, Tensor& scratch, std::span<double> out);

// Whether the layers that are not given can be summed out in closed form: none is coupled to another of them or to itself.
bool summable(const Machine& machine, const std::vector<bool>& given);

// F(given) = -log sum over the other layers of exp(-E). Throws ParameterError if layers that are not given are coupled to each other.
void freeEnergies(const Machine& machine, const States& states, const std::vector<bool>& given, std::span<double> out);

// A unit of `units`, uniform up to units / 2^32: word 0 of the chain.
std::uint32_t pickUnit(const Stream& stream, std::size_t chain, std::size_t units);

// log p(v_i | v_-i) of single units of the Bernoulli layer `layer`, all other layers summed out, for one unit of every row: with
// d = F(v_i = 0) - F(v_i = 1), the cross-entropy v_i log sigmoid(d) + (1 - v_i) log sigmoid(-d). For v_i in {0, 1} that is the
// log-probability; for a probability v_i its mean over a draw of unit i.
class UnitConditionals {
 public:
  // `possible` must hold.
  UnitConditionals(const Machine& machine, std::size_t layer, std::size_t rows);
  // Whether the layer is Bernoulli and stands first in all couplings that there are, none of them
  // its own: the other layers are summed out then.
  static bool possible(const Machine& machine, std::size_t layer);
  // Takes in new states; their rows are the rows of the calls that follow.
  void load(const States& states);
  void logProbabilities(std::span<const std::uint32_t> unit, std::span<double> out);

 private:
  const Machine& machine_;
  std::size_t layer_;
  struct Neighbour {
    std::size_t layer, coupling;
    TensorPtr fields;
  };
  std::vector<Neighbour> neighbours_;
  std::vector<double> states_, biases_, amount_, difference_, part_;
};

}  // namespace boltzkit
