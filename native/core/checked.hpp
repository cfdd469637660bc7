// Size arithmetic that throws instead of wrapping, so that an overflowed product never reaches an
// allocation.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "core/error.hpp"

namespace boltzkit {

inline std::size_t checkedMultiply(std::size_t a, std::size_t b) {
  if (b != 0 && a > std::numeric_limits<std::size_t>::max() / b)
    throw parameterError("a size of " + std::to_string(a) + " x " + std::to_string(b) + " does not fit in memory");
  return a * b;
}

inline std::size_t roundUp(std::size_t n, std::size_t multiple) {
  if (n > std::numeric_limits<std::size_t>::max() - multiple)
    throw parameterError("a size of " + std::to_string(n) + " does not fit in memory");
  return (n + multiple - 1) / multiple * multiple;
}

// Number of blocks of `size` elements that cover n elements.
constexpr std::size_t blocksOf(std::size_t n, std::size_t size) { return (n + size - 1) / size; }

}  // namespace boltzkit
