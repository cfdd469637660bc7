// Missing values and whole layers inferred from the values that rows do have.
#pragma once
#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct ImputeOptions {
  std::vector<LayerRows> given;         // NaN: missing
  std::vector<std::size_t> layers;      // whose states come back
  std::uint64_t warmup = 0, steps = 1;  // Gibbs sweeps before and during averaging
  Draw output = Draw::mean;             // mean: conditional means averaged over `steps` sweeps; sample: the last draw
};

// One result [rows, units] per asked layer; values that are given come back as they are. Means are averages of conditional means, which vary less
// than averages of draws and have the same expectation (Gelfand & Smith 1990). Where everything that was asked for depends on
// complete layers only, one pass is exact and no more are taken.
std::vector<std::vector<float>> impute(Machine& machine, const ImputeOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
