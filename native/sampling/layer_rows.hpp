// Rows of data for one layer of a machine.
#pragma once
#include <cstddef>
#include <memory>

#include "machine/machine.hpp"

namespace boltzkit {

struct LayerRows {
  std::size_t layer;
  std::shared_ptr<const Rows> rows;
};

// Throws ParameterError when a row is no state of the machine: a value of units with finitely many states that is none of them.
void requireStates(const Machine& machine, const LayerRows& rows);

}  // namespace boltzkit
