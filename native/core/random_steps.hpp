// Hands out the steps of random streams so that no draw repeats. Holds a seed and, for every
// purpose, the next unused step.
#pragma once
#include <cstdint>
#include <vector>

#include "core/error.hpp"
#include "core/random.hpp"

namespace boltzkit {

class RandomSteps {
 public:
  explicit RandomSteps(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t seed() const { return seed_; }
  // Reserves `count` steps; the returned stream holds the first of them. Throws ParameterError once
  // 2^48 steps of the purpose are used up.
  Stream next(Purpose purpose, std::uint64_t count = 1, std::uint8_t layer = 0) {
    std::uint64_t& used = counters_[static_cast<std::size_t>(purpose)];
    if (count > maxStreamStep - used) throw parameterError("the random numbers of this seed are used up; start a model with another seed");
    const std::uint64_t first = used;
    used += count;
    return {seed_, purpose, layer, first};
  }
  // Next unused steps, indexed by Purpose. Checkpoints save and restore them.
  std::vector<std::uint64_t>& counters() { return counters_; }

 private:
  std::uint64_t seed_;
  std::vector<std::uint64_t> counters_ = std::vector<std::uint64_t>(static_cast<std::size_t>(Purpose::evaluation) + 1, 0);
};

}  // namespace boltzkit
