// Shared by tests of training runs.
#pragma once
#include "learning/training_options.hpp"

namespace boltzkit::test {

using Algorithm = TrainerOptions::Algorithm;

// 20 epochs on a dozen rows.
inline TrainerOptions options(Algorithm algorithm) {
  TrainerOptions o;
  o.algorithm = algorithm;
  o.epochs = 20;
  o.batchSize = 4;
  o.chains = 6;
  o.learningRates = {0.3};
  o.temperatures = {0.5, 1};
  return o;
}

}  // namespace boltzkit::test
