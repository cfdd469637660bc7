// The states of a set of chains or data rows, one tensor [rows, places] per layer, and the fields
// that they cause.
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

// A flag per layer, all false.
inline std::vector<bool> noLayer(const Machine& machine) { return std::vector<bool>(machine.wiring().layers().size(), false); }

// A flag per layer, all true.
inline std::vector<bool> allLayers(const Machine& machine) { return std::vector<bool>(machine.wiring().layers().size(), true); }

// Draws the states of a layer as if no other layer were there. Row r is chain firstChain + r.
// `units` may have other parameters than the machine's.
void drawWithoutField(Backend& backend, const Units& units, std::size_t layer, Stream stream, std::uint32_t firstChain, Tensor& states);

// Larger states are useless as draws: the squares of a few hundred of them come close to the end of
// float's range.
inline constexpr double largestState = 1e18;

// Throws Error{divergence} with the layer's name if a state of unbounded units is NaN or larger
// than largestState: these units have diverged.
void requireBoundedStates(const Machine& machine, const States& states);

// The field terms on `layer` from all other layers that are coupled to it and true in `from` (all
// if `from` is empty).
std::vector<FieldTerm> fieldTerms(const Machine& machine, std::size_t layer, const States& states, const std::vector<bool>& from);
// out = the sum of these terms.
void layerFields(const Machine& machine, std::size_t layer, const States& states, const std::vector<bool>& from, Tensor& out);

// out += the field on the units of `layer` from its other units.
void addLateralFields(const Machine& machine, std::size_t layer, const States& states, Tensor& out);
// out = the field on `layer` from all layers, itself included: the field of each unit given all
// other units.
void unitFields(const Machine& machine, std::size_t layer, const States& states, Tensor& out);

}  // namespace boltzkit
