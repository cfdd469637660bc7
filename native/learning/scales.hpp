// Standardised steps: weights move in units of the standard deviations of both sides. With the
// centred gradient (offsets mu) and scales sigma the energy is
//   E(s) = sum_l U'_l(s_l) - sum_(a,b) ((s_a - mu_a) / sigma_a)^T J_ab ((s_b - mu_b) / sigma_b),
//   W_ij = J_ij / (sigma_i sigma_j).
// The optimiser works on J: it sees g_ij / (sigma_i sigma_j), and W moves by its step divided by
// sigma_i sigma_j (the standardised RBM of Fernandez-de-Cossio-Diaz, Cocco & Monasson). So steps do
// not depend on the scale of the data, and units that rarely change learn as fast as others.
#pragma once
#include <map>
#include <string>

#include "learning/phases.hpp"

namespace boltzkit {

// Lower bound of a standard deviation, as a fraction of the root mean square of its layer's. So the
// step of a unit that never changes stays bounded. If no unit of a layer changes, all count as 1.
inline constexpr double leastSpread = 0.1;

class Scales {
 public:
  Scales(const Machine& machine, const std::vector<bool>& given);

  // Computes the variances of the data layers from all rows, weighted, without missing values
  // (NaN). With `before`, updates the running variances of a stream instead: `means` and `seen` are
  // the means so far and the number of values they stand for, by place.
  struct Stream {
    const std::vector<TensorPtr>&means, &seen;  // [1, places] per layer
  };
  void fromData(const LayerData& data, std::span<const double> rowWeights, const Stream* before, const Cancelled& cancelled);
  // Initial values of the running variances of the other layers: the variances of units without a
  // field.
  void startOthers();

  // Adds alpha * sum_r w_r of the deviations from the offsets to the moments of the batch, for the
  // layers without data. `first` begins a new batch.
  void add(const Phase& phase, const Tensor* rowWeights, double alpha, const std::vector<TensorPtr>& offsets, bool first);
  // Updates the running variances from the batch at this rate, the same as for the offsets.
  void follow(double rate);
  // Computes 1 / sigma for the next step.
  void update();

  // Scales of a coupling's rows and columns. For a coupling along a graph, `rows` is null and
  // `cols` has one scale per weight.
  const Tensor* rows(std::size_t coupling) const { return rows_[coupling].get(); }
  const Tensor* cols(std::size_t coupling) const { return cols_[coupling].get(); }
  // Tensors "variance/<layer>" that a run needs to continue.
  std::map<std::string, Tensor*> tensors();

 private:
  const Machine& machine_;
  std::vector<bool> given_;
  std::vector<TensorPtr> variances_;  // [1, places] per layer
  // Moments of the batch about the offsets, per layer (Backend::moments); null: given.
  std::vector<DoublesPtr> moments_;
  std::vector<TensorPtr> rows_, cols_;  // per coupling
};

}  // namespace boltzkit
