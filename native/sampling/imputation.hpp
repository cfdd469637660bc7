// Infers missing values and whole layers from the known values of rows.
#pragma once
#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct ImputeOptions {
  std::vector<LayerRows> given;         // NaN: missing
  std::vector<std::size_t> layers;      // layers to return
  std::uint64_t warmup = 0, steps = 1;  // Gibbs sweeps before and during averaging
  // mean: conditional means averaged over `steps` sweeps; sample: the last draw.
  Draw output = Draw::mean;
};

// Returns one matrix [rows, places] per requested layer; given values are unchanged. Means are
// averages of conditional means. These vary less than averages of draws and have the same
// expectation (Gelfand & Smith 1990). If every requested layer depends on complete layers only, a
// single pass is exact, and only one is run.
std::vector<std::vector<float>> impute(Machine& machine, const ImputeOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
