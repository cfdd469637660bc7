// What a saved training state says about the run it comes from.
#pragma once
#include "algorithms/trainer.hpp"
#include "backend.hpp"

namespace boltzkit {

// One optimiser's memory means nothing to another: an SGD velocity holds steps, Adam's first moment gradients.
bool sameOptimiser(const TrainerState& state, const TrainerOptions& options);

// Throws ParameterError unless there are as many values as the shape says.
void requireWhole(const std::string& name, const TrainerState::Saved& saved);

bool fits(const TrainerState::Saved& saved, const Tensor& tensor);

TrainerState::Saved savedOf(Backend& backend, const Tensor& tensor);

// Throws ParameterError if there is no such counter.
std::uint64_t counter(const TrainerState& state, const std::string& name);

// Throws ParameterError unless the state is of a run with these many updates, rows and rows per batch.
void requireSameRun(const TrainerState& state, std::uint64_t totalSteps, std::size_t rows, std::size_t batchSize);

}  // namespace boltzkit
