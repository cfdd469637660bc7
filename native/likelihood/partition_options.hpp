// Estimates of log Z: what a caller may ask for, and what comes back.
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "likelihood/interval.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct PartitionOptions {
  enum class Method { automatic, exact, annealed, ladder } method = Method::automatic;
  // Data rows of some layers, or none: the path begins at their marginals, and a third of the chains at the rows themselves.
  std::vector<LayerRows> rows;
  std::size_t chains = 100;      // annealed in either direction; of a ladder: independent groups
  std::vector<double> betas;     // empty: `temperatures` of them, placed by a pilot run
  std::size_t temperatures = 0;  // 0: the method's own number
  std::uint64_t warmup = 1000;   // Gibbs sweeps before states count as samples of the machine
};

struct PartitionResult {
  PartitionOptions::Method method;
  Interval logZ{};
  std::optional<Interval> forward, reverse;  // of annealing
  std::optional<Interval> ladder;            // of annealing: by the ladder that what is annealed in reverse came from
  double effectiveSampleSize = 0;            // infinite where nothing was drawn
  double reverseSampleSize = 0;
  double overlap = 1;  // of a ladder, the worst between neighbouring rungs, in [0, 1]
  // Of a ladder: how many states came up from beta = 0 to 1 in the group where fewest did.
  std::uint64_t fewestArrivals = std::numeric_limits<std::uint64_t>::max();
  // Of annealing: how far the largest log weight of a sample of the machine lies above the largest of forward weights. Much
  // above 0 where annealing forward does not come to where the sample lies.
  double excess = 0;
};

}  // namespace boltzkit
