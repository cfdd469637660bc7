// The options of up-down learning.
#pragma once
#include "learning/run_options.hpp"
#include "sampling/levels.hpp"

namespace boltzkit {

// rates: one per tensor of upDownParameters.
struct UpDownOptions : RunOptions {
  std::uint64_t steps = 1;     // Gibbs sweeps of the top machine per update
  std::size_t chains = 0;      // persistent chains; 0: chains that start from the data
  Draw dreams = Draw::sample;  // what dreams hold at the bottom: draws or means
  bool centred = true;         // gradients, about the means of the states on the way up
  double offsetRate = 0.01;    // rate of the exponential average of these means
};

}  // namespace boltzkit
