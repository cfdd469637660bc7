// What a trainer tells after each epoch.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "likelihood/interval.hpp"
#include "monitoring/health.hpp"

namespace boltzkit {

struct EpochReport {
  std::uint64_t epoch = 0;  // epochs completed, in this run
  std::uint64_t step = 0;   // updates completed, in this run
  double seconds = 0;       // training time of this epoch, without the metrics
  double learningRate = 0;
  // Means over training rows are weighted as training is. F is a bound where it has no closed form
  // (likelihood/bound_free_energy.hpp).
  double pseudoLikelihood = 0;            // nats per row, stochastic; on validation rows if given, else on training rows
  double freeEnergyGap = 0;               // mean F(validation) - mean F(training); NaN without validation rows
  double chainFreeEnergyGap = 0;          // mean F(negative particles) - mean F(training): far from 0 when chains lag behind
  double weightNorm = 0;                  // root mean square of all weights
  std::uint64_t rollbacks = 0;            // returns to a good state so far, in this run
  std::vector<std::string> warnings;      // whole sentences, without a full stop, about the run and about this epoch's numbers
  std::optional<Health> health;           // in epochs that check it
  std::optional<Interval> logLikelihood;  // mean over the rows behind pseudoLikelihood, where the algorithm keeps log Z (ptt)
};

}  // namespace boltzkit
