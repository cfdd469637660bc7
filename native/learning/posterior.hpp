// The exact posterior of the layers without data, for `algorithm` 'exact'.
#pragma once
#include <memory>

#include "learning/enumerated_phase.hpp"
#include "learning/training_options.hpp"

namespace boltzkit {

// Largest number of hidden states per row to enumerate. With more, the positive phase samples them.
inline constexpr double mostHiddenStates = 1 << 12;

// Null if the posterior has a closed form, is not requested, or has too many states to enumerate.
std::unique_ptr<EnumeratedPhase> exactPosterior(const Machine& machine, const TrainerOptions& options, const LayerData& data);

}  // namespace boltzkit
