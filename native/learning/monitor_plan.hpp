// How much is watched while training, so that it takes at most a given part of the time that training takes. Decided before a run begins, from
// counted work and never from a clock. Work is counted in row passes, the product of one row with every coupling; an operation counts
// for a few rows more than it has, for what it costs with none.
#pragma once
#include "learning/training_options.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

struct MonitorPlan {
  std::size_t rows = 0;     // rows of each data set behind every epoch's metrics
  std::uint64_t every = 0;  // epochs from one look at the health to the next, counted back from the last; 0: none
  std::size_t chains = 0;   // that a look watches, and as many again start from data and from noise
  bool checksAfter(std::uint64_t epoch, std::uint64_t epochs) const { return every > 0 && (epochs - epoch) % every == 0; }
};

// `closed`: whether free energies of the rows have a closed form; otherwise they take mean-field
// sweeps (boundFreeEnergies).
MonitorPlan planMonitoring(const TrainerOptions& options, const LayerData& training, const LayerData* validation, bool closed);

}  // namespace boltzkit
