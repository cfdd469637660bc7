// The exact posterior of the layers without data, for `algorithm` 'exact'.
#pragma once
#include <memory>

#include "learning/enumerated_phase.hpp"
#include "learning/training_options.hpp"

namespace boltzkit {

// Hidden states per row up to which they are counted; beyond, the positive phase draws them.
inline constexpr double mostHiddenStates = 1 << 12;

// Null where the posterior has a closed form, is not asked for, or has too many states to count.
std::unique_ptr<EnumeratedPhase> exactPosterior(const Machine& machine, const TrainerOptions& options, const LayerData& data);

}  // namespace boltzkit
