#include "learning/training_options.hpp"

namespace boltzkit {

void validateOptions(const TrainerOptions& o, std::size_t rows, std::size_t parameters) {
  validateRun(o, rows, parameters);
  requireOption(o.steps >= 1 && o.steps < maxStreamStep, "steps", "at least 1", static_cast<double>(o.steps));
  requireOption(o.positiveSteps >= 1 && o.positiveSteps < maxStreamStep, "positiveSteps", "at least 1",
                static_cast<double>(o.positiveSteps));
  requireOption(o.chains >= 1 && o.chains <= 0xffffffffu, "chains", "1 to 4294967295", static_cast<double>(o.chains));
  requireOption(isNonNegative(o.fastRate), "fastRate", "a finite number >= 0", o.fastRate);
  requireOption(o.fastDecay >= 0 && o.fastDecay < 1, "fastDecay", "in [0, 1)", o.fastDecay);
  requireOption(isFraction(o.offsetRate), "offsetRate", "in [0, 1]", o.offsetRate);
  if (o.standardised && !o.centred) throw parameterError("`standardised` needs `centred`: scales go with offsets");
  requireOption(o.reservoirs >= 2 && o.reservoirs <= 4096, "reservoirs", "2 to 4096", static_cast<double>(o.reservoirs));
  requireOption(o.reservoirAcceptance > 0 && o.reservoirAcceptance < 1, "reservoirAcceptance", "in (0, 1)", o.reservoirAcceptance);
  requireOption(isNonNegative(o.monitorBudget), "monitorBudget", "a finite number >= 0", o.monitorBudget);
  if (o.labels) {
    requireOption(isNonNegative(o.labels->discriminative), "labels.discriminative", "a finite number >= 0", o.labels->discriminative);
    requireOption(isNonNegative(o.labels->generative), "labels.generative", "a finite number >= 0", o.labels->generative);
    if (o.labels->discriminative + o.labels->generative == 0) throw parameterError("one weight of `labels` must be above 0");
  }
  if (!o.sparsity) return;
  requireOption(isFraction(o.sparsity->target), "sparsity.target", "in [0, 1]", o.sparsity->target);
  requireOption(isNonNegative(o.sparsity->weight), "sparsity.weight", "a finite number >= 0", o.sparsity->weight);
  requireOption(isFraction(o.sparsity->rate), "sparsity.rate", "in [0, 1]", o.sparsity->rate);
}

}  // namespace boltzkit
