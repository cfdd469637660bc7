#include "learning/training_options.hpp"

#include <cmath>

namespace boltzkit {
namespace {

void require(bool ok, const char* name, const char* expected, double came) {
  if (!ok) throw parameterError(std::string("`") + name + "` must be " + expected + ", got " + decimal(came));
}

bool fraction(double x) { return x >= 0 && x <= 1; }
bool nonNegative(double x) { return x >= 0 && std::isfinite(x); }

}  // namespace

void validateOptions(const TrainerOptions& o, std::size_t rows, std::size_t parameters) {
  if (rows == 0) throw shapeError("training needs at least one row");
  require(o.steps >= 1 && o.steps < maxStreamStep, "steps", "at least 1", static_cast<double>(o.steps));
  require(o.positiveSteps >= 1 && o.positiveSteps < maxStreamStep, "positiveSteps", "at least 1", static_cast<double>(o.positiveSteps));
  require(o.epochs >= 1 && o.epochs < maxStreamStep / rows, "epochs", "at least 1", static_cast<double>(o.epochs));
  require(o.batchSize >= 1, "batchSize", "at least 1", static_cast<double>(o.batchSize));
  if (o.batchSize > rows)
    throw parameterError("`batchSize` must not be larger than the number of rows, " + std::to_string(rows) + ", got " +
                         std::to_string(o.batchSize));
  require(o.chains >= 1 && o.chains <= 0xffffffffu, "chains", "1 to 4294967295", static_cast<double>(o.chains));
  require(nonNegative(o.fastRate), "fastRate", "a finite number >= 0", o.fastRate);
  require(o.fastDecay >= 0 && o.fastDecay < 1, "fastDecay", "in [0, 1)", o.fastDecay);
  if (o.learningRates.empty()) throw parameterError("`learningRate` needs at least one value");
  for (double rate : o.learningRates) require(nonNegative(rate), "learningRate", "a finite number >= 0", rate);
  require(o.optimiser.momentum >= 0 && o.optimiser.momentum < 1, "momentum", "in [0, 1)", o.optimiser.momentum);
  require(o.optimiser.beta1 >= 0 && o.optimiser.beta1 < 1, "beta1", "in [0, 1)", o.optimiser.beta1);
  require(o.optimiser.beta2 >= 0 && o.optimiser.beta2 < 1, "beta2", "in [0, 1)", o.optimiser.beta2);
  require(nonNegative(o.optimiser.epsilon) && o.optimiser.epsilon > 0, "epsilon", "a number > 0", o.optimiser.epsilon);
  require(fraction(o.offsetRate), "offsetRate", "in [0, 1]", o.offsetRate);
  if (!o.rates.empty() && o.rates.size() != parameters)
    throw shapeError("`rates` must have one value per layer and coupling, " + std::to_string(parameters) + ", got " +
                     std::to_string(o.rates.size()));
  for (double rate : o.rates) require(nonNegative(rate), "rates", "finite numbers >= 0", rate);
  if (o.standardised && !o.centred) throw parameterError("`standardised` needs `centred`: scales go with offsets");
  require(nonNegative(o.l1), "l1", "a finite number >= 0", o.l1);
  require(nonNegative(o.l2), "l2", "a finite number >= 0", o.l2);
  require(fraction(o.averageLast), "averageLast", "in [0, 1]", o.averageLast);
  require(o.reservoirs >= 2 && o.reservoirs <= 4096, "reservoirs", "2 to 4096", static_cast<double>(o.reservoirs));
  require(o.reservoirAcceptance > 0 && o.reservoirAcceptance < 1, "reservoirAcceptance", "in (0, 1)", o.reservoirAcceptance);
  require(nonNegative(o.monitorBudget), "monitorBudget", "a finite number >= 0", o.monitorBudget);
  if (o.onDivergence) {
    require(o.onDivergence->retries >= 1 && o.onDivergence->retries <= 1000, "onDivergence.retries", "1 to 1000",
            static_cast<double>(o.onDivergence->retries));
    require(o.onDivergence->factor > 0 && o.onDivergence->factor <= 1, "onDivergence.factor", "in (0, 1]", o.onDivergence->factor);
  }
  if (!o.sparsity) return;
  require(fraction(o.sparsity->target), "sparsity.target", "in [0, 1]", o.sparsity->target);
  require(nonNegative(o.sparsity->weight), "sparsity.weight", "a finite number >= 0", o.sparsity->weight);
  require(fraction(o.sparsity->rate), "sparsity.rate", "in [0, 1]", o.sparsity->rate);
}

void validateWeights(const std::vector<double>& weights, const std::vector<LayerRows>& data) {
  if (weights.empty()) return;
  if (data.empty() || weights.size() != data.front().rows->rows())
    throw shapeError("`sampleWeights` must have one weight per row, " + std::to_string(data.empty() ? 0 : data.front().rows->rows()) +
                     ", got " + std::to_string(weights.size()));
  double sum = 0;
  for (double w : weights) {
    require(nonNegative(w), "sampleWeights", "finite numbers >= 0", w);
    sum += w;
  }
  require(sum > 0 && std::isfinite(sum), "sampleWeights", "weights with a positive, finite sum", sum);
}

}  // namespace boltzkit
