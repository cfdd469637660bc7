// The log-likelihood gradient of a machine: positive minus negative phase of <s_a s_b^T> for every
// coupling, and of the unit statistics for every layer. Plain or centred.
//
// Centred gradient (Melchior, Fischer & Wiskott, "How to center deep Boltzmann machines", JMLR 17
// (2016), section 3): with offsets mu, the weights follow <(s_a - mu_a)(s_b - mu_b)^T> and the
// biases b' of the shifted energy follow <s_a>. We store the ordinary biases
//   b_a = b'_a - sum_b W_ab mu_b.
// So a step (dW, db') moves b_a by db'_a - sum_b dW_ab mu_b, and a change of the offsets moves
// nothing.
#pragma once
#include <span>
#include <vector>

#include "learning/phases.hpp"

namespace boltzkit {

// True if all values of a layer lie in [-1, 1]; see Accuracy::statistics.
bool ofUnitSize(const Layer& layer);

// Offsets mu [1, places] by layer of a machine.
using Offsets = std::span<const Tensor* const>;

class Gradient {
 public:
  // `held`: layers with frozen unit parameters; centring must not move their biases either. Empty:
  // none. `backend` does the work, by default the machine's own.
  explicit Gradient(const Machine& machine, std::vector<bool> held = {}, Backend* backend = nullptr);

  // How long the tensors of a phase keep their values. `step`: until the optimiser has taken its
  // step. Then the statistics of dense couplings stay a list of terms, and the optimiser sums them.
  enum class Lasts { call, step };
  // Adds alpha * sum_r w_r of the statistics of a phase. `first` discards the previous sums.
  // rowWeights may be null.
  void accumulate(const Phase& phase, const Tensor* rowWeights, double alpha, bool first, Lasts lasts = Lasts::call);
  // Adds alpha * sum_r w_r left_a right_b^T to the weights of every coupling (a, b).
  void addProducts(const States& left, const States& right, const Tensor* rowWeights, double alpha);
  // The gradient of a dense coupling is this term, which the optimiser sums.
  void setProduct(std::size_t coupling, const StatisticsTerm& term) { terms_[coupling].assign(1, term); }
  // Adds alpha * sum_r w_r of the statistics of one layer's units: statistics of `values`, or with
  // `fields` their conditional means given the fields.
  void addUnits(std::size_t layer, const Tensor& values, const Tensor* fields, const Tensor* rowWeights, double alpha, bool first = false);

  // Multiplies all sums so far; by 0 it discards them.
  void scale(double factor);
  // Adds a term to the weights of a dense coupling; `first` discards the previous sum. Its tensors
  // must keep their values until the optimiser has taken its step.
  void add(std::size_t coupling, const StatisticsTerm& term, bool first) { couplingTerm(coupling, term, first, Lasts::step); }

  // Turns the accumulated difference into the centred gradient for these offsets ([1, places] per
  // layer). Leaves out the term that stands for the move of a bias if that bias is held.
  void centre(Offsets offsets);
  // Makes the gradients of dense lateral couplings exactly symmetric, because sums in another order
  // differ in rounding. Sets them to zero between places of one unit.
  void symmetrise();
  // Call after the optimiser has replaced gradients by steps and applied them. Moves the biases of
  // the machine so that b' took its step.
  void compensate(Machine& machine, Offsets offsets) const;
  // If the outcome is a refusal: undoes the optimiser's steps on all weights, up to rounding.
  void takeBack(Machine& machine, const StepOutcome& outcome) const;

  // The gradient of a coupling's weights: the sum of `terms` if there are any, else the contents of
  // `step`.
  std::span<const StatisticsTerm> terms(std::size_t coupling) const { return terms_[coupling]; }
  Tensor& step(std::size_t coupling) { return *weights_[coupling]; }
  // Sums the terms: afterwards the tensor holds the gradient and there are no terms.
  Tensor& evaluate(std::size_t coupling);
  // Sets the gradient to zero.
  void clear(std::size_t coupling);
  Tensor& units(std::size_t layer) { return *units_[layer]; }
  // <s> of the data minus <s> of the model, [1, places].
  const Tensor& meanDifference(std::size_t layer) const { return biasRows_[layer] ? *means_[layer] : *units_[layer]; }

 private:
  void compensate(Machine& machine, std::size_t layer, const FieldTerm& moved) const;
  // A coupling's gradient = beta * gradient + alpha * sum_r w_r a_r b_r^T.
  void couplingStatistics(std::size_t coupling, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta);
  // The same, either now or as a term for the optimiser.
  void couplingTerm(std::size_t coupling, const StatisticsTerm& term, bool first, Lasts lasts);

  const Machine& machine_;
  Backend& backend_;
  std::vector<bool> held_;
  std::vector<TensorPtr> weights_, units_, means_;
  // Terms of each coupling. While there are any, the contents of weights_ are ignored.
  std::vector<std::vector<StatisticsTerm>> terms_;
  // [1, parameters]: 1 for a bias, else 0; null for types with one parameter.
  std::vector<TensorPtr> biasRows_;
  struct Lateral {
    std::size_t coupling;
    TensorPtr mask, zeros, identity, transposed;
  };
  Lateral lateralOf(std::size_t coupling) const;
  std::vector<Lateral> laterals_;
  // [1, places]: the move of the biases by centring; null for types with one parameter.
  std::vector<TensorPtr> shifts_;
  TensorPtr ones_;
};

}  // namespace boltzkit
