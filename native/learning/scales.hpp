// Standardised steps: weights move in units of the standard deviations of both sides. With the centred gradient (offsets mu) and scales sigma the
// energy is written
//   E(s) = sum_l U'_l(s_l) - sum_(a,b) ((s_a - mu_a) / sigma_a)^T J_ab ((s_b - mu_b) / sigma_b),   W_ij = J_ij / (sigma_i sigma_j),
// and the optimiser works on J: it sees g_ij / (sigma_i sigma_j), and W moves by its step over sigma_i sigma_j (the standardised RBM of
// Fernandez-de-Cossio-Diaz, Cocco & Monasson). Steps then do not depend on the scale of the data, and units that seldom move learn as fast
// as others.
#pragma once
#include <map>
#include <string>

#include "learning/phases.hpp"

namespace boltzkit {

// A standard deviation counts as at least this part of the root mean square of its layer's, so that a unit that never moves gets no step
// beyond all bounds; in a layer where none does it counts as 1.
inline constexpr double leastSpread = 0.1;

class Scales {
 public:
  Scales(const Machine& machine, const std::vector<bool>& given);

  // Variances of data layers from all rows, weighted; missing values (NaN) do not count. With
  // `before` those of a stream so far, about these means and over as many values as `seen` says by
  // place, take the rows in.
  struct Stream {
    const std::vector<TensorPtr>&means, &seen;  // [1, units] per layer
  };
  void fromData(const LayerData& data, std::span<const double> rowWeights, const Stream* before, const Cancelled& cancelled);
  // Variances of the other layers as running means begin: of units without any field.
  void startOthers();

  // Adds alpha * sum_r w_r of the deviations of the layers without data, about the offsets, to those of the batch.
  void add(const Phase& phase, const Tensor* rowWeights, double alpha, const std::vector<TensorPtr>& offsets);
  // The running variances take in the batch, as the offsets do at the same rate; then the batch starts afresh.
  void follow(double rate);
  // Makes 1 / sigma for the coming step.
  void update();

  // Scales of a coupling's rows and columns; no rows where it follows a graph.
  const Tensor* rows(std::size_t coupling) const { return rows_[coupling].get(); }
  const Tensor* cols(std::size_t coupling) const { return cols_[coupling].get(); }
  // "variance/<layer>", what a run needs to go on.
  std::map<std::string, Tensor*> tensors();

 private:
  std::vector<double> inverse(std::size_t layer) const;

  const Machine& machine_;
  std::vector<bool> given_;
  std::vector<TensorPtr> variances_;                 // [1, units] per layer
  std::vector<std::vector<double>> first_, second_;  // moments of the batch about the offsets, per layer
  std::vector<TensorPtr> rows_, cols_;               // per coupling
};

}  // namespace boltzkit
