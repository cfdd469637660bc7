#include "learning/explosion_guard.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace boltzkit {

ExplosionGuard::ExplosionGuard(const Machine& machine)
    : machine_(machine), limits_(machine.backend().tensor(1, machine.wiring().couplings().size())) {
  begin();
}

void ExplosionGuard::begin() {
  std::vector<double> limits = loads();
  for (double& limit : limits) limit = std::max(largestLoad, largestLoadGrowth * limit);
  machine_.backend().upload(std::span<const double>(limits), *limits_);
}

void ExplosionGuard::check(std::uint64_t step, bool always) const {
  if (step % updatesPerCheck != 0 && !always) return;
  const std::vector<double> load = loads(), limits = valuesOf(machine_.backend(), *limits_);
  for (std::size_t c = 0; c < load.size(); ++c)
    if (!(load[c] <= limits[c]))
      throw Error(ErrorCode::divergence, "by update " + std::to_string(step) + " '" + machine_.wiring().couplingName(c) +
                                             ".weights' has exploded: a typical weight stands for an energy of " + decimal(load[c]) +
                                             " nats, the limit is " + decimal(limits[c]));
}

// Standard deviation of a typical unit of the layer.
double ExplosionGuard::spread(std::size_t layer) const {
  const Tensor& parameters = machine_.unitParameters(layer);
  if (parameters.rows() == 1) return 1;
  const std::vector<double> values = valuesOf(machine_.backend(), parameters);
  double variance = 0, count = 0;
  for (std::size_t row = 0; row < parameters.rows(); ++row) {
    if (isBias(machine_.wiring().layers()[layer].type, row)) continue;
    for (std::size_t j = 0; j < parameters.cols(); ++j) variance += std::exp(-values[row * parameters.cols() + j]);
    count += static_cast<double>(parameters.cols());
  }
  return std::sqrt(variance / count);
}

std::vector<double> ExplosionGuard::loads() const {
  std::vector<double> loads;
  for (std::size_t c = 0; c < machine_.wiring().couplings().size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    const Tensor& weights = machine_.weights(c);
    Backend& backend = machine_.backend();
    const std::vector<double> squares =
        reduced(backend, weights.rows(), [&](const RowSum& sum) { backend.rowDots(weights, weights, sum); });
    const double count = static_cast<double>(weights.rows()) * static_cast<double>(weights.cols());
    const double sum = std::accumulate(squares.begin(), squares.end(), 0.0);
    loads.push_back(count > 0 ? std::sqrt(sum / count) * spread(coupling.a) * spread(coupling.b) : 0);
  }
  return loads;
}

}  // namespace boltzkit
