// The log-likelihood gradient of a machine: positive minus negative phase of <s_a s_b^T> for every coupling and of the unit
// statistics for every layer, plain or centred.
//
// Centred gradient (Melchior, Fischer & Wiskott, "How to center deep Boltzmann machines", JMLR 17 (2016), section 3): with offsets mu
// the weights follow <(s_a - mu_a)(s_b - mu_b)^T> and the biases b' of the shifted energy follow <s_a>. We keep the ordinary
// parameters: b_a = b'_a - sum_b W_ab mu_b, so a step (dW, db') moves b_a by db'_a - sum_b dW_ab mu_b, and moving the offsets moves nothing.
#pragma once
#include <vector>

#include "learning/phases.hpp"

namespace boltzkit {

class Gradient {
 public:
  // `held`: layers whose unit parameters never move, so that centring must not move their biases either. Empty: none.
  explicit Gradient(const Machine& machine, std::vector<bool> held = {});

  // How long the tensors of a phase stay what they are. `step`: until the optimiser has taken its step. The statistics of dense couplings then stay a list of
  // terms, which the optimiser adds up.
  enum class Lasts { call, step };
  // Adds alpha * sum_r w_r of the statistics of a phase. `first` starts afresh. rowWeights may be null.
  void accumulate(const Phase& phase, const Tensor* rowWeights, double alpha, bool first, Lasts lasts = Lasts::call);
  // Adds alpha * sum_r w_r left_a right_b^T to the weights of every coupling (a, b).
  void addProducts(const States& left, const States& right, const Tensor* rowWeights, double alpha);
  // Adds alpha * sum_r w_r of the statistics of one layer's units: of these values, or with fields of their means given them.
  void addUnits(std::size_t layer, const Tensor& values, const Tensor* fields, const Tensor* rowWeights, double alpha, bool first = false);

  // Turns the accumulated difference into the centred gradient for these offsets ([1, units] per layer). A term that stands for the move of a
  // bias is left out where that bias is held.
  void centre(const std::vector<TensorPtr>& offsets);
  // Makes the weights of dense lateral couplings symmetric to the bit, which sums in another order are not, and zero between places of one
  // unit.
  void symmetrise();
  // After the optimiser replaced gradients by steps and applied them: moves the biases of the machine so that b' took its step.
  void compensate(Machine& machine, const std::vector<TensorPtr>& offsets) const;
  // If the outcome is a refusal: takes the optimiser's steps on all weights of the machine back, as far as rounding lets it.
  void takeBack(Machine& machine, const StepOutcome& outcome) const;

  // The gradient of a coupling's weights is the sum of `terms` where there are any, and else what `step` holds.
  std::span<const StatisticsTerm> terms(std::size_t coupling) const { return terms_[coupling]; }
  Tensor& step(std::size_t coupling) { return *weights_[coupling]; }
  // Adds the terms up: afterwards the tensor holds the gradient and there are no terms.
  Tensor& evaluate(std::size_t coupling);
  // The gradient is zero.
  void clear(std::size_t coupling);
  Tensor& units(std::size_t layer) { return *units_[layer]; }
  // <s> of the data minus <s> of the model, [1, units].
  const Tensor& meanDifference(std::size_t layer) const { return biasRows_[layer] ? *means_[layer] : *units_[layer]; }

 private:
  void compensate(Machine& machine, std::size_t layer, const FieldTerm& moved) const;
  // A coupling's weights = beta * weights + alpha * sum_r w_r a_r b_r^T.
  void couplingStatistics(std::size_t coupling, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta);
  // The same, now or by the optimiser.
  void couplingTerm(std::size_t coupling, const StatisticsTerm& term, bool first, Lasts lasts);

  const Machine& machine_;
  std::vector<bool> held_;
  std::vector<TensorPtr> weights_, units_, means_;
  std::vector<std::vector<StatisticsTerm>> terms_;  // of each coupling; while there are any the weights' own contents do not count
  std::vector<TensorPtr> biasRows_;                 // [1, parameters]: 1 where a parameter is a bias; null for types with one parameter
  struct Lateral {
    std::size_t coupling;
    TensorPtr mask, zeros, identity, transposed;
  };
  static Lateral lateralOf(const Machine& machine, std::size_t coupling);
  std::vector<Lateral> laterals_;
  std::vector<TensorPtr> shifts_;  // [1, units]: how centring moves biases; null for types with one parameter
  TensorPtr ones_;
};

}  // namespace boltzkit
