// What a run keeps between two updates.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace boltzkit {

// What has to be kept for a run to go on bit for bit. Tensors by name with their shapes, counters by name.
struct TrainerState {
  struct Saved {
    std::size_t rows, cols;
    std::vector<double> values;
  };
  std::map<std::string, Saved> tensors;
  std::map<std::string, std::uint64_t> counters;
};

}  // namespace boltzkit
