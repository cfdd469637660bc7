// States of a set of chains (or data rows), one tensor [rows, units] per layer, and the fields they exert.
#pragma once
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

struct States {
  States(const Machine& machine, std::size_t rows);
  void setRows(std::size_t n);
  std::size_t rows() const { return layers.front()->rows(); }
  Tensor& operator[](std::size_t layer) { return *layers[layer]; }
  const Tensor& operator[](std::size_t layer) const { return *layers[layer]; }

  std::vector<TensorPtr> layers;
};

// States beyond this are no draws of any use: the squares of some hundred of them are close to float's end.
inline constexpr double largestState = 1e18;

// Throws Error{divergence} that names the layer when a state is not a number or beyond largestState: units without bounds have run away.
void requireBoundedStates(const Machine& machine, const States& states);

// The terms of the field on `layer` from all other coupled layers whose entry in `from` is true (all of them when empty). `roundable`: see FieldTerm.
std::vector<FieldTerm> fieldTerms(const Machine& machine, std::size_t layer, const States& states, const std::vector<bool>& from,
                                  bool roundable = false);
// out = their sum.
void layerFields(const Machine& machine, std::size_t layer, const States& states, const std::vector<bool>& from, Tensor& out,
                 bool roundable = false);

// out = the field on `layer` from all layers, its own coupling included: what each unit feels given all other units.
void unitFields(const Machine& machine, std::size_t layer, const States& states, Tensor& out);

}  // namespace boltzkit
