// How much monitoring a run does, so that it takes at most a given fraction of the training time.
// The plan is made before the run, from an operation count and never from a clock. The unit of work
// is a row pass: the product of one row with every coupling. Each operation has a fixed cost,
// counted as some extra rows.
#pragma once
#include "learning/training_options.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

struct MonitorPlan {
  std::size_t rows = 0;   // rows of each data set in every epoch's metrics
  std::size_t units = 0;  // units per row in the pseudo-likelihood
  // Epochs between two health checks, counted back from the last epoch; 0: none.
  std::uint64_t every = 0;
  // Chains in a health check. As many again start from data, and as many from noise.
  std::size_t chains = 0;
  bool checksAfter(std::uint64_t epoch, std::uint64_t epochs) const { return every > 0 && (epochs - epoch) % every == 0; }
};

MonitorPlan planMonitoring(const TrainerOptions& options, const Machine& machine, const LayerData& training, const LayerData* validation);

}  // namespace boltzkit
