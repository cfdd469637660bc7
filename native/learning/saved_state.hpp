// Saves the tensors of a run to a training state and restores them.
#pragma once
#include "learning/saved_tensor.hpp"
#include "learning/training_state.hpp"

namespace boltzkit {

// Throws ParameterError unless the number of values matches the shape.
void requireWhole(const std::string& name, const TrainerState::Saved& saved);

TrainerState::Saved savedOf(Backend& backend, const Tensor& tensor);

// Throws ParameterError if there is no such counter.
std::uint64_t counter(const TrainerState& state, const std::string& name);

// Throws ParameterError unless the state comes from a run with the same number of updates, rows and
// rows per batch.
void requireSameRun(const TrainerState& state, std::uint64_t totalSteps, std::size_t rows, std::size_t batchSize);

// Skips fresh tensors unless the run is `prepared`: a later run starts them afresh.
void saveTensors(Backend& backend, const std::vector<SavedTensor>& tensors, bool prepared, TrainerState& state);

// Fills tensors from a state of the same run (`resume`) or of an earlier one. `sameOptimiser`: the
// earlier run used the same kind of optimiser. Tensors that are not finite, as a failed update
// leaves them, count as missing. Throws ParameterError if the state of a prepared run lacks a
// tensor or has one of another shape.
void restoreTensors(Backend& backend, const std::vector<SavedTensor>& tensors, const TrainerState& state, bool resume, bool sameOptimiser);

}  // namespace boltzkit
