// What a network is trained to make small, per row of outputs with mean m, fields f and target t:
//   likelihood: -log p(t | f) = A(f) + U(t) - f . t in nats, with the cumulant A of the output's
//     units: cross-entropy for Bernoulli and softmax units, half a squared error over the variance
//     for Gaussian ones. Its gradient at the fields is m - t, because A' = m.
//   squared: sum_j (m_j - t_j)^2, with the gradient 2 (m - t) at the means.
#pragma once
#include "backend.hpp"

namespace boltzkit {

enum class LossKind { likelihood, squared };

class Loss {
 public:
  Loss(Backend& backend, LossKind kind) : backend_(backend), kind_(kind) {}

  LossKind kind() const { return kind_; }
  // True if `gradient` is with respect to the fields, not to the means.
  bool atFields() const { return kind_ == LossKind::likelihood; }
  // gradient [rows, places] of each row's loss.
  void gradient(const Tensor& mean, const Tensor& target, Tensor& gradient) const;
  // out[r] = the loss of row r. `scratch` [rows, places] is overwritten.
  void values(const Units& units, const Tensor& fields, const Tensor& mean, const Tensor& target, Tensor& scratch, Doubles& out) const;

 private:
  Backend& backend_;
  LossKind kind_;
};

}  // namespace boltzkit
