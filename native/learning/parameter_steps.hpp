// Steps on named parameters: the optimiser's memory and the table of learning rates.
#pragma once
#include <string>
#include <vector>

#include "learning/saved_tensor.hpp"
#include "learning/training_options.hpp"

namespace boltzkit {

class ParameterSteps {
 public:
  ParameterSteps(Backend& backend, std::vector<NamedTensor> parameters, const TrainerOptions& options);

  double learningRate(std::uint64_t step) const;  // of update number step, from 0
  // From now on learning rates are this multiple of the table's.
  void setRateFactor(double factor) { rateFactor_ = factor; }
  // Takes one step on every parameter or on none. `slots` has one entry per parameter, without velocity and second moment; an entry without a gradient does
  // not move. The outcome names a refused one by its number among `slots`.
  void take(std::span<const ParameterSlot> slots, std::uint64_t step, StepOutcome& outcome);
  // The name of the parameter that a step was refused for.
  const std::string& refused(const Verdict& verdict) const { return parameters_[moving_[static_cast<std::size_t>(verdict.refused)]].name; }
  // Forgets what earlier gradients have left in velocities and moments.
  void forget();

  std::uint64_t updates() const { return updates_; }  // all updates so far, over all runs (Adam's t)
  void setUpdates(std::uint64_t n) { updates_ = n; }
  std::vector<SavedTensor> tensors();

 private:
  Backend& backend_;
  const TrainerOptions& options_;
  std::uint64_t updates_ = 0;
  double rateFactor_ = 1;
  std::vector<NamedTensor> parameters_;
  std::vector<TensorPtr> velocity_, second_;
  std::vector<ParameterSlot> slots_;  // of the parameters that move, and which those are; kept for their memory
  std::vector<std::size_t> moving_;
};

}  // namespace boltzkit
