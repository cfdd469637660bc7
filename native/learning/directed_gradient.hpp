// The gradient of the log-likelihood of one layer given another, the delta rule of wake-sleep
// (Hinton, Dayan, Frey & Neal, "The wake-sleep algorithm for unsupervised neural networks", Science
// 268 (1995), eqs. 3 and 4), for any type of unit:
//   d log p(t | g) / d W = g (t - E[t | g])^T,   d / d p_k = statistic_k(t) - E[statistic_k | g]
#pragma once
#include "machine/conditional.hpp"

namespace boltzkit {

class DirectedGradient {
 public:
  // Of the units of layer `target` of the machine given layer `given`, for up to `rows` rows.
  // `backend` does the work, of the same kind as the machine's own. `reuse`: the rows that the
  // weights multiply between two steps.
  DirectedGradient(Backend& backend, Machine& machine, std::size_t given, std::size_t target, std::size_t rows, std::uint64_t reuse);

  Conditional& conditional() { return conditional_; }
  Machine& machine() { return machine_; }

  // The gradient = each * sum_r w_r d log p(target_r | given_r). The tensors must keep their values
  // until the optimiser has taken its step. rowWeights may be null.
  void learn(const Tensor& given, const Tensor& target, const Tensor* rowWeights, double each);

  // The parameters that it moves: the units of the target, and the weights between both layers.
  Tensor& units() { return machine_.unitParameters(conditional_.target()); }
  Tensor& weights() { return machine_.weights(conditional_.coupling()); }
  ParameterSlot unitSlot();
  ParameterSlot weightSlot();

 private:
  Backend& backend_;
  Machine& machine_;
  Conditional conditional_;
  bool linear_, rounds_;
  TensorPtr difference_;               // target - its means, [rows, places of the target]
  TensorPtr unitGradient_, gradient_;  // shapes of the parameters
  StatisticsTerm term_{};
};

}  // namespace boltzkit
