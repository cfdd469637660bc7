#include "learning/weight_guard.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "learning/explosion_guard.hpp"

namespace boltzkit {
namespace {

std::vector<LayerParameter> weightsOf(const Network& network) {
  std::vector<LayerParameter> weights;
  for (LayerParameter& p : network.layerParameters())
    if (p.role == LayerParameter::Role::weights) weights.push_back(std::move(p));
  return weights;
}

}  // namespace

double rootMeanSquare(Backend& backend, const Tensor& tensor) {
  const std::vector<double> squares = reduced(backend, tensor.rows(), [&](const RowSum& sum) { backend.rowDots(tensor, tensor, sum); });
  const double sum = std::accumulate(squares.begin(), squares.end(), 0.0);
  return std::sqrt(sum / (static_cast<double>(tensor.rows()) * static_cast<double>(tensor.cols())));
}

WeightGuard::WeightGuard(const Network& network) : network_(network), weights_(weightsOf(network)), limits_(typical()) {
  for (double& limit : limits_) limit = std::max(largestLoad, largestLoadGrowth * limit);
}

void WeightGuard::check(std::uint64_t step, bool always) const {
  if (step % updatesPerCheck != 0 && !always) return;
  const std::vector<double> now = typical();
  for (std::size_t i = 0; i < now.size(); ++i)
    if (!(now[i] <= limits_[i]))
      throw Error(ErrorCode::divergence, "by update " + std::to_string(step) + " '" + weights_[i].name +
                                             "' has exploded: a typical weight is " + decimal(now[i]) + ", the limit is " +
                                             decimal(limits_[i]));
}

std::vector<double> WeightGuard::typical() const {
  std::vector<double> values;
  for (const LayerParameter& p : weights_) values.push_back(rootMeanSquare(network_.backend(), *p.tensor));
  return values;
}

}  // namespace boltzkit
