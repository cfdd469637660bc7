// The gradient of the log-likelihood of one layer given another, the delta rule of wake-sleep
// (Hinton, Dayan, Frey & Neal, "The wake-sleep algorithm for unsupervised neural networks", Science
// 268 (1995), eqs. 3 and 4), for any type of unit:
//   d log p(t | g) / d W = g (t - E[t | g])^T,   d / d p_k = statistic_k(t) - E[statistic_k | g]
// Plain, or centred about an offset of the given layer as in learning/gradient.hpp.
#pragma once
#include "learning/gradient.hpp"
#include "machine/conditional.hpp"

namespace boltzkit {

class DirectedGradient {
 public:
  struct Frozen {
    bool units = false, weights = false;
  };
  // Of the units of layer `target` of the machine given layer `given`, for up to `rows` rows.
  // `backend` does the work, of the same kind as the machine's own. `reuse`: the rows that the
  // weights multiply between two steps.
  DirectedGradient(Backend& backend, Machine& machine, std::size_t given, std::size_t target, std::size_t rows, std::uint64_t reuse,
                   Frozen frozen);

  Conditional& conditional() { return conditional_; }
  Machine& machine() { return machine_; }

  // The gradient = each * sum_r w_r d log p(target_r | given_r). The tensors must keep their values
  // until the optimiser has taken its step. rowWeights may be null; without offsets the gradient is
  // plain.
  void learn(const Tensor& given, const Tensor& target, const Tensor* rowWeights, double each, Offsets offsets);
  // As of Gradient, after the step of a centred gradient.
  void compensate(Offsets offsets) { gradient_.compensate(machine_, offsets); }
  void takeBack(const StepOutcome& outcome) { gradient_.takeBack(machine_, outcome); }

  // What moves: the units of the target, and the weights between both layers.
  ParameterSlot unitSlot();
  ParameterSlot weightSlot();

 private:
  Backend& backend_;
  Machine& machine_;
  Conditional conditional_;
  Gradient gradient_;
  bool linear_, rounds_, frozenWeights_;
  TensorPtr difference_;  // target - its means, [rows, places of the target]
};

}  // namespace boltzkit
