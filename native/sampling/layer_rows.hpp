// Rows of data for one layer of a machine.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

struct LayerRows {
  std::size_t layer;
  std::shared_ptr<const Rows> rows;
};

// Throws ParameterError if a row holds a value that is no state of its unit. Checks only units with
// finitely many states.
void requireStates(const Machine& machine, const LayerRows& rows);

// `count` of `rows` row numbers, evenly spaced.
std::vector<std::uint32_t> evenlySpaced(std::size_t rows, std::size_t count);

}  // namespace boltzkit
