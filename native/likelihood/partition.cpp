#include "likelihood/partition.hpp"

#include <limits>
#include <optional>

#include "core/progress.hpp"
#include "likelihood/annealed.hpp"
#include "likelihood/bracket.hpp"
#include "likelihood/route.hpp"
#include "likelihood/state_sums.hpp"
#include "likelihood/tempered_ladder.hpp"
#include "machine/normalisable.hpp"

namespace boltzkit {
namespace {

constexpr std::uint64_t leastLadderSweeps = 100;
// For progress, before their number is known.
constexpr double usualRungs = 30;

PartitionResult ladderPartition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled) {
  const std::uint64_t measured = std::max<std::uint64_t>(options.warmup, leastLadderSweeps);
  const double sweep = 2 * usualRungs * static_cast<double>(options.chains), routeWork = Route::work(options);
  const double all = routeWork + sweep * (static_cast<double>(options.warmup) + static_cast<double>(measured));
  const double found = routeWork / all, warm = found + sweep * static_cast<double>(options.warmup) / all;
  std::optional<Route> made;
  {
    const Progress part(0, found);
    made.emplace(machine, options, options.chains, cancelled);
  }
  Route& route = *made;
  TemperedLadder ladder(machine, route.path(), route.temperatures(route.rungs()), options.chains);
  ladder.start(route.samples());
  {
    const Progress part(found, warm);
    ladder.sweep(options.warmup, false, cancelled);
  }
  {
    const Progress part(warm, 1);
    ladder.sweep(measured, true, cancelled);
  }
  const LadderEstimate ratio = ladder.estimate();
  requireFinite(ratio.value);
  PartitionResult result{PartitionOptions::Method::ladder};
  result.logZ = studentInterval(route.path().logBase() + ratio.value, ratio.standardError, static_cast<double>(options.chains) - 1);
  result.effectiveSampleSize = result.reverseSampleSize = ratio.effectiveSampleSize;
  result.overlap = ratio.overlap;
  result.fewestArrivals = ladder.fewestArrivals();
  return result;
}

PartitionResult exactPartition(Machine& machine, const Cancelled& cancelled) {
  PartitionResult result{PartitionOptions::Method::exact};
  const double value = exactLogZ(machine, cancelled);
  result.logZ = {value, value, value};
  result.effectiveSampleSize = result.reverseSampleSize = std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace

void validatePartition(const Machine& machine, const PartitionOptions& options) {
  requireNormalisable(machine);
  for (const Layer& layer : machine.wiring().layers())
    if (keepsTotal(layer.type))
      throw parameterError("the states of layer '" + layer.name + "' of counts depend on each row's total: there is no one log Z");
  if (options.chains < 2 || options.chains > 0xffffffffu)
    throw parameterError("chains must be 2 to 4294967295, got " + std::to_string(options.chains));
  if (!options.rows.empty() && options.rows.front().rows->rows() == 0) throw parameterError("at least one row is needed, got none");
  if (!options.betas.empty()) requireTemperatures(options.betas);
}

PartitionResult partition(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled) {
  using Method = PartitionOptions::Method;
  const bool countable = options.method == Method::automatic && countedStates(machine) <= quicklyCountedStates;
  if (countable || options.method == Method::exact) return exactPartition(machine, cancelled);
  return options.method == Method::ladder ? ladderPartition(machine, options, cancelled) : annealedPartition(machine, options, cancelled);
}

}  // namespace boltzkit
