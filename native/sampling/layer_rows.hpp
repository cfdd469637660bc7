// Rows of data for one layer of a machine.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "sampling/machine_stack.hpp"

namespace boltzkit {

// Rows of a layer, or rows of the bottom of a stack of machines through which the layer sees them.
struct LayerRows {
  std::size_t layer;
  std::shared_ptr<const Rows> rows;
  std::shared_ptr<const MachineStack> through = nullptr;
};

// Throws ParameterError if a row holds a value that is no state of its unit. Checks only units with
// finitely many states. Draws seen through machines are states, means are not.
void requireStates(const Machine& machine, const LayerRows& rows);

// `count` of `rows` row numbers, evenly spaced.
std::vector<std::uint32_t> evenlySpaced(std::size_t rows, std::size_t count);

}  // namespace boltzkit
