// Energies and free energies, one double per row, in nats.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

// E(s) of complete states.
void energies(const Machine& machine, const States& states, std::span<double> out);

// sum (+)= s_a^T W_ab s_b of one coupling. In a lateral coupling each pair counts once.
// `scratch` is [rows, places of b].
void couplingProducts(const Machine& machine, std::size_t coupling, const States& states, Tensor& scratch, const RowSum& sum);

// True if the layers that are not given can be summed out in closed form: no coupling joins two of
// them, and none is coupled to itself.
bool summable(const Machine& machine, const std::vector<bool>& given);

// F(given) = -log of the sum of exp(-E) over the states of the other layers. Throws ParameterError
// if those layers are coupled to each other or to themselves.
void freeEnergies(const Machine& machine, const States& states, const std::vector<bool>& given, std::span<double> out);

// Free energies that stay on the backend, computed again and again in the same memory.
class FreeEnergies {
 public:
  // `rows` is the largest number of rows. If `measured` is false, leaves out -log m(s) of the given
  // layers, where m is the units' own measure (binomial, counts). If all layers are given, this is
  // the part of the energy that an inverse temperature multiplies: p(s; beta) is proportional to
  // m(s) exp(-beta out). Replica exchange uses it. Throws as freeEnergies.
  FreeEnergies(const Machine& machine, std::vector<bool> given, std::size_t rows, bool measured = true);
  // out [rows of the states]
  void compute(const States& states, Doubles& out);

 private:
  const Machine& machine_;
  std::vector<bool> given_;
  bool measured_;
  std::vector<TensorPtr> fields_;    // per layer; null: given
  std::vector<TensorPtr> products_;  // per coupling; null: not between given layers
};

// Picks one of `units` units by word 0 of the chain; uniform up to units / 2^32.
std::uint32_t pickUnit(const Stream& stream, std::size_t chain, std::size_t units);

// log p(v_i | v_-i) for single units of the Bernoulli layer `layer`, with all other layers summed
// out; one unit per row. With d = F(v_i = 0) - F(v_i = 1) it computes
// v_i log sigmoid(d) + (1 - v_i) log sigmoid(-d). For v_i in {0, 1} this is the log-probability.
// For a probability v_i it is its mean over a draw of unit i.
class UnitConditionals {
 public:
  // Requires `possible`.
  UnitConditionals(const Machine& machine, std::size_t layer, std::size_t rows);
  // True if the layer is Bernoulli and is the first layer of every coupling of the machine, none of
  // them lateral. Then the other layers can be summed out.
  static bool possible(const Machine& machine, std::size_t layer);
  // Loads new states. Later calls refer to their rows.
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
  std::vector<double> states_, biases_, amount_, difference_;
};

}  // namespace boltzkit
