// Energies and free energies, one double per row, in nats.
#pragma once
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

// Throws ParameterError unless they can.
void requireUncoupledRest(const Machine& machine, const std::vector<bool>& given);

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

}  // namespace boltzkit
