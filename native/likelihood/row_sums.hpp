// What rows of some layers weigh, all other layers summed out: log p*(row) = log of the sum over the other layers of exp(-E). Less log Z that is
// the log-probability of the row.
#pragma once
#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct RowSums {
  std::vector<double> values;
  // How the other layers were summed out: in closed form, state by state, or by an estimate whose logarithm is low on average.
  bool exact;
};

RowSums rowSums(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled);

}  // namespace boltzkit
