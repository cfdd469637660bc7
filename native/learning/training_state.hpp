// The saved state of a training run between two updates.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace boltzkit {

// All that a run needs to continue bit for bit: tensors with their shapes, and counters, by name.
struct TrainerState {
  struct Saved {
    std::size_t rows, cols;
    std::vector<double> values;
  };
  std::map<std::string, Saved> tensors;
  std::map<std::string, std::uint64_t> counters;
};

}  // namespace boltzkit
