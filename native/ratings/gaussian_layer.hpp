// Clamped layers of the Gaussian rating machine: what was rated, and side features.
#pragma once
#include "ratings/rated_entries.hpp"

namespace boltzkit::ratings {

// A clamped layer: which of its units each row has, and what value.
struct ClampedLayer {
  const EntryRows* byRow;
  const EntryRows* byUnit;
  bool normalised;  // values are 1 / sqrt(units of the row) in place of those of the entries

  std::size_t units() const { return byUnit->rows(); }
};

}  // namespace boltzkit::ratings
