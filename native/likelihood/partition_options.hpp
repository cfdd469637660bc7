// Options and results of estimates of log Z.
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
  // Data rows of some layers, or none. With rows, the path starts at their marginals, and a third
  // of the chains start at the rows.
  std::vector<LayerRows> rows;
  std::size_t chains = 100;      // annealing: chains per direction; ladder: independent groups
  std::vector<double> betas;     // empty: `temperatures` betas, placed by a pilot run
  std::size_t temperatures = 0;  // 0: the method's default
  std::uint64_t warmup = 1000;   // Gibbs sweeps before states count as samples of the machine
};

struct PartitionResult {
  PartitionOptions::Method method;
  Interval logZ{};
  std::optional<Interval> forward, reverse;  // annealing only
  // Annealing only: the estimate by the ladder that reverse annealing starts from.
  std::optional<Interval> ladder;
  double effectiveSampleSize = 0;  // infinite if nothing was drawn
  double reverseSampleSize = 0;
  double overlap = 1;  // ladder: the worst between neighbouring rungs, in [0, 1]
  // Annealing and ladder: the number of states that came up from beta = 0 to 1 in the group with
  // fewest.
  std::uint64_t fewestArrivals = std::numeric_limits<std::uint64_t>::max();
  // Annealing only: the largest log weight of a sample of the machine minus the largest forward log
  // weight. Far above 0 if forward annealing does not reach the region of that sample.
  double excess = 0;
};

}  // namespace boltzkit
