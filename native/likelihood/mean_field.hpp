// Questions about the mean-field posterior of rows: its means, and its bound on log p* of a row.
// Both run the sweeps of bound_free_energy.hpp and draw nothing.
#pragma once
#include <span>
#include <vector>

#include "core/interrupt.hpp"
#include "machine/machine.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// Means of `layer` given rows of other layers; out [rows, places]. Throws ParameterError if the
// layer is given, or if the posterior has no bound (counts without rows).
void meanFieldMeans(Machine& machine, const std::vector<LayerRows>& given, std::size_t layer, std::uint64_t sweeps,
                    const Cancelled& cancelled, std::span<float> out);

// Per row a lower bound on the log of the sum of exp(-E) over the layers without rows. Throws
// ParameterError as above, or if rows are not states of their units.
void meanFieldBounds(Machine& machine, const std::vector<LayerRows>& given, std::uint64_t sweeps, const Cancelled& cancelled,
                     std::span<double> out);

}  // namespace boltzkit
