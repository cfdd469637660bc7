// Takes the tensors of a run out into a training state and puts them back.
#pragma once
#include "learning/saved_tensor.hpp"
#include "learning/training_state.hpp"

namespace boltzkit {

// Throws ParameterError unless there are as many values as the shape says.
void requireWhole(const std::string& name, const TrainerState::Saved& saved);

TrainerState::Saved savedOf(Backend& backend, const Tensor& tensor);

// Throws ParameterError if there is no such counter.
std::uint64_t counter(const TrainerState& state, const std::string& name);

// Throws ParameterError unless the state is of a run with these many updates, rows and rows per batch.
void requireSameRun(const TrainerState& state, std::uint64_t totalSteps, std::size_t rows, std::size_t batchSize);

// Leaves out tensors that are fresh, unless the run is `prepared`, and those that a failed update has left infinite: both begin afresh.
void saveTensors(Backend& backend, const std::vector<SavedTensor>& tensors, bool prepared, TrainerState& state);

// Fills tensors from a state of the run itself (`resume`) or of an earlier one, whose optimiser may be of the same kind. Throws ParameterError when a
// state of a prepared run lacks a tensor or has another shape.
void restoreTensors(Backend& backend, const std::vector<SavedTensor>& tensors, const TrainerState& state, bool resume, bool sameOptimiser);

}  // namespace boltzkit
