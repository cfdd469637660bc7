// What one update needs of one case: hidden means under the data and under the model, and for each
// of its entries what the model puts there.
#pragma once
#include <cstdint>
#include <span>

#include "core/random.hpp"
#include "ratings/softmax_machine.hpp"
#include "ratings/softmax_options.hpp"

namespace boltzkit::ratings {

// The buffers of one case.
struct CasePhases {
  std::span<const std::uint32_t> visibles;  // of its entries
  const std::uint8_t* categories;           // [entries], of the data
  std::uint8_t* chain;                      // [entries], a persistent chain's state, or null
  float* dataMeans;                         // [stride]: P(h_j = 1 | data)
  float* modelMeans;                        // [stride]: P(h_j = 1 | visibles of the model)
  float* modelFactors;                      // [entries, components]: mean of p_c(v_e) under the model
  float* modelMasses;                       // [entries, categories]: P(v_e = k | h) under the model
};

// Scratch of one thread.
struct CaseScratch {
  explicit CaseScratch(const SoftmaxMachine& machine) : field(machine.stride()), states(machine.stride()) {}
  LineFloats field, states;
};

// Both phases of contrastive divergence with `sweeps` steps (Hinton 2002), or of persistent
// contrastive divergence (Tieleman 2008), where the chain of a case goes on from where its last
// update left it. `chainNumber` names the case's random words.
void runPhases(const SoftmaxMachine& machine, std::size_t sweeps, bool means, std::uint64_t seed, std::uint64_t update,
               std::uint32_t chainNumber, const CasePhases& phases, CaseScratch& scratch);

}  // namespace boltzkit::ratings
