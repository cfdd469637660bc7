// Steps on all parameters of a machine: the optimiser's memory, the learning-rate table, the average of the run's last parameters.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "algorithms/gradient.hpp"
#include "algorithms/scales.hpp"
#include "algorithms/trainer.hpp"

namespace boltzkit {

class ParameterSteps {
 public:
  ParameterSteps(const Machine& machine, const TrainerOptions& options, std::uint64_t totalSteps);

  double learningRate(std::uint64_t step) const;  // of update number step, from 0
  // From now on learning rates are this multiple of the table's.
  void setRateFactor(double factor) { rateFactor_ = factor; }
  // Applies one step to every parameter or to none; then the name of the parameter that would stop being finite comes back.
  // The gradient holds the steps afterwards. With `scales` weights step in their units.
  std::optional<std::string> take(Gradient& gradient, const Scales* scales, std::uint64_t step);
  // Forgets what earlier gradients have left in velocities and moments.
  void forget();
  // Folds the parameters after update number `step` (from 1) into the average, if the run is in its last part.
  void average(std::uint64_t step);
  // The machine gets the average, if there is one.
  void adoptAverage();

  std::uint64_t updates() const { return updates_; }  // all updates so far, over all runs (Adam's t)
  void setUpdates(std::uint64_t n) { updates_ = n; }
  std::map<std::string, Tensor*> tensors();

 private:
  const Machine& machine_;
  const TrainerOptions& options_;
  std::uint64_t totalSteps_, averageFrom_, updates_ = 0;
  double rateFactor_ = 1;
  std::vector<Machine::Named> parameters_;  // layers first, then couplings, as the machine lists them
  std::vector<TensorPtr> velocity_, second_, average_;
  std::vector<ParameterSlot> slots_;  // of the parameters that move, and which those are; kept for their memory
  std::vector<std::size_t> moving_;
};

}  // namespace boltzkit
