// Optimiser steps on named parameters: the optimiser's state and the table of learning rates.
#pragma once
#include <string>
#include <vector>

#include "learning/run_options.hpp"
#include "learning/saved_tensor.hpp"
#include "learning/training_state.hpp"

namespace boltzkit {

class ParameterSteps {
 public:
  ParameterSteps(Backend& backend, std::vector<NamedTensor> parameters, const RunOptions& options);

  double learningRate(std::uint64_t step) const;  // of update number `step`, from 0
  // Sets a factor for all learning rates of the table, from now on.
  void setRateFactor(double factor) { rateFactor_ = factor; }
  // Takes one step on every parameter, or on none. `slots` has one entry per parameter, without
  // velocity and second moment. An entry without a gradient does not move. The outcome names a
  // refused parameter by its index among the slots that have a gradient.
  void take(std::span<const ParameterSlot> slots, std::uint64_t step, StepOutcome& outcome);
  // The name of the parameter that caused a refusal.
  const std::string& refused(const Verdict& verdict) const { return parameters_[moving_[static_cast<std::size_t>(verdict.refused)]].name; }
  // Sets velocities and second moments to zero.
  void forget();

  // Number of updates over all runs (Adam's t).
  std::uint64_t updates() const { return updates_; }
  void setUpdates(std::uint64_t n) { updates_ = n; }
  std::vector<SavedTensor> tensors();
  // True if the state is one of this kind of optimiser. Optimisers cannot use each other's: an SGD
  // velocity holds steps, Adam's first moment gradients.
  bool sameKind(const TrainerState& state) const;

 private:
  Backend& backend_;
  const RunOptions& options_;
  std::uint64_t updates_ = 0;
  double rateFactor_ = 1;
  std::vector<NamedTensor> parameters_;
  std::vector<TensorPtr> velocity_, second_;
  // The slots that move, and their indices. Kept to reuse their memory.
  std::vector<ParameterSlot> slots_;
  std::vector<std::size_t> moving_;
};

}  // namespace boltzkit
