// Hands out the steps of random streams, so that no draw is ever repeated: a seed, and the next unused step of every purpose.
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
  // `count` steps from the stream's own on. Throws ParameterError when 2^48 steps are used up.
  Stream next(Purpose purpose, std::uint64_t count = 1, std::uint8_t layer = 0) {
    std::uint64_t& used = counters_[static_cast<std::size_t>(purpose)];
    if (count > maxStreamStep - used) throw parameterError("the random numbers of this seed are used up; start a model with another seed");
    const std::uint64_t first = used;
    used += count;
    return {seed_, purpose, layer, first};
  }
  std::vector<std::uint64_t>& counters() { return counters_; }  // by Purpose; checkpoints keep them

 private:
  std::uint64_t seed_;
  std::vector<std::uint64_t> counters_ = std::vector<std::uint64_t>(static_cast<std::size_t>(Purpose::evaluation) + 1, 0);
};

}  // namespace boltzkit
