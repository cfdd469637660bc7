#include "learning/run_options.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.hpp"

namespace boltzkit {

void requireOption(bool ok, const char* name, const char* expected, double came) {
  if (!ok) throw parameterError(std::string("`") + name + "` must be " + expected + ", got " + decimal(came));
}

bool isNonNegative(double x) { return x >= 0 && std::isfinite(x); }

void validateRun(const RunOptions& o, std::size_t rows, std::size_t parameters) {
  if (rows == 0) throw shapeError("training needs at least one row");
  requireOption(o.epochs >= 1 && o.epochs < maxStreamStep / rows, "epochs", "at least 1", static_cast<double>(o.epochs));
  requireOption(o.batchSize >= 1, "batchSize", "at least 1", static_cast<double>(o.batchSize));
  if (o.batchSize > rows)
    throw parameterError("`batchSize` must not be larger than the number of rows, " + std::to_string(rows) + ", got " +
                         std::to_string(o.batchSize));
  if (o.learningRates.empty()) throw parameterError("`learningRate` needs at least one value");
  for (double rate : o.learningRates) requireOption(isNonNegative(rate), "learningRate", "a finite number >= 0", rate);
  requireOption(o.optimiser.momentum >= 0 && o.optimiser.momentum < 1, "momentum", "in [0, 1)", o.optimiser.momentum);
  requireOption(o.optimiser.beta1 >= 0 && o.optimiser.beta1 < 1, "beta1", "in [0, 1)", o.optimiser.beta1);
  requireOption(o.optimiser.beta2 >= 0 && o.optimiser.beta2 < 1, "beta2", "in [0, 1)", o.optimiser.beta2);
  requireOption(isNonNegative(o.optimiser.epsilon) && o.optimiser.epsilon > 0, "epsilon", "a number > 0", o.optimiser.epsilon);
  if (!o.rates.empty() && o.rates.size() != parameters)
    throw shapeError("`rates` must have one value per layer and coupling, " + std::to_string(parameters) + ", got " +
                     std::to_string(o.rates.size()));
  for (double rate : o.rates) requireOption(isNonNegative(rate), "rates", "finite numbers >= 0", rate);
  requireOption(isNonNegative(o.l1), "l1", "a finite number >= 0", o.l1);
  requireOption(isNonNegative(o.l2), "l2", "a finite number >= 0", o.l2);
  requireOption(isFraction(o.averageLast), "averageLast", "in [0, 1]", o.averageLast);
  if (!o.onDivergence) return;
  requireOption(o.onDivergence->retries >= 1 && o.onDivergence->retries <= 1000, "onDivergence.retries", "1 to 1000",
                static_cast<double>(o.onDivergence->retries));
  requireOption(o.onDivergence->factor > 0 && o.onDivergence->factor <= 1, "onDivergence.factor", "in (0, 1]", o.onDivergence->factor);
}

void validateWeights(const std::vector<double>& weights, std::size_t rows) {
  if (weights.empty()) return;
  if (weights.size() != rows)
    throw shapeError("`sampleWeights` must have one weight per row, " + std::to_string(rows) + ", got " + std::to_string(weights.size()));
  double sum = 0;
  for (double w : weights) {
    requireOption(isNonNegative(w), "sampleWeights", "finite numbers >= 0", w);
    sum += w;
  }
  requireOption(sum > 0 && std::isfinite(sum), "sampleWeights", "weights with a positive, finite sum", sum);
}

// Scaling the largest towards 1 by a power of two first changes no bit of the ratios.
std::vector<double> meanOne(std::vector<double> weights) {
  const double largest = weights.empty() ? 0 : *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& w : weights) w = std::ldexp(w, -std::ilogb(largest));
  for (double w : weights) sum += w;
  for (double& w : weights) w *= static_cast<double>(weights.size()) / sum;
  return weights;
}

}  // namespace boltzkit
