// Unnormalised log-probabilities of rows of some layers: log p*(row) = log of the sum of exp(-E)
// over the states of all other layers. Subtract log Z to get the log-probability of the row.
#pragma once
#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct RowSums {
  std::vector<double> values;
  // True if the other layers were summed out in closed form or state by state. False: an estimate
  // that is too low on average.
  bool exact;
};

RowSums rowSums(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled);

}  // namespace boltzkit
