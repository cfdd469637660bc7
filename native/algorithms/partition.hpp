// Estimates of log Z: what a caller may ask for, and what comes back.
#pragma once
#include <optional>
#include <vector>

#include "algorithms/inference.hpp"
#include "algorithms/interval.hpp"

namespace boltzkit {

struct PartitionOptions {
  enum class Method { automatic, exact, annealed, ladder } method = Method::automatic;
  // Data rows of some layers, or none: the path begins at their marginals, and half of the chains at the rows themselves.
  std::vector<LayerRows> rows;
  std::size_t chains = 100;      // annealed in either direction; of a ladder: independent groups
  std::vector<double> betas;     // empty: `temperatures` of them, placed by a pilot run
  std::size_t temperatures = 0;  // 0: the method's own number
  std::uint64_t warmup = 1000;   // Gibbs sweeps before states count as samples of the machine
};

struct PartitionResult {
  PartitionOptions::Method method;
  Interval logZ;
  std::optional<Interval> forward, reverse;  // of annealing
  double effectiveSampleSize;                // infinite where nothing was drawn
  double reverseSampleSize;
  double overlap;  // between the two directions, or the worst between neighbouring rungs, in [0, 1]
};

// Throws ParameterError or ShapeError when the options do not fit the machine.
void validatePartition(const Machine& machine, const PartitionOptions& options);

PartitionResult partition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
