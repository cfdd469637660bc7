// Reads the rows of a machine's layers, and the machines through which it sees them.
#pragma once
#include <memory>
#include <vector>

#include "binding/arguments.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit::binding {

// Layers that a list of an argument may name.
inline constexpr std::uint32_t mostLayers = 256;

// Reads rows that are data of this layer. Throws unless they have its number of columns and lie in
// its domain.
std::shared_ptr<const Rows> rowsOfLayer(const Argument& rows, const Layer& layer);

// Reads rows of one layer. Throws unless they have the layer's number of columns and lie in its
// domain.
LayerRows layerRowsOf(const Argument& given, const Wiring& wiring);
// Reads rows of at least `least` different layers, all with the same number of rows.
std::vector<LayerRows> layerRowsListOf(const Argument& list, const Wiring& wiring, std::size_t least = 1);

}  // namespace boltzkit::binding
