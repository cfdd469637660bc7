// Detects weights of a network that explode while they are still finite. A typical weight of 1000
// stands for outputs that are all or nothing, or sums far above any data. Useful networks stay
// below 10, so the limit gives no false alarm. A run that diverges exceeds it many updates before
// floats overflow. learning/explosion_guard.hpp does the same for machines.
#pragma once
#include <cstdint>
#include <vector>

#include "network/network.hpp"

namespace boltzkit {

class WeightGuard {
 public:
  // The limits hold for runs from the current weights: a tenth of the limit at the start raises it.
  explicit WeightGuard(const Network& network);
  // Call after update number `step` (from 1). Checks now and then, and if `always`. Throws
  // Error{divergence} that names the update and the layer's weights.
  void check(std::uint64_t step, bool always) const;

 private:
  std::vector<double> typical() const;

  const Network& network_;
  std::vector<LayerParameter> weights_;
  std::vector<double> limits_;  // by weight tensor
};

// The root mean square of a tensor. Reads back.
double rootMeanSquare(Backend& backend, const Tensor& tensor);

}  // namespace boltzkit
