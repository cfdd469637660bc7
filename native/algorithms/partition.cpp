#include "algorithms/partition.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/annealed.hpp"
#include "algorithms/bennett.hpp"
#include "algorithms/model_samples.hpp"
#include "algorithms/state_sums.hpp"
#include "algorithms/tempered_ladder.hpp"
#include "machine/normalisable.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t usualNumber = 10000;  // temperatures
constexpr std::size_t pilotTemperatures = 200, pilotChains = 100;
constexpr std::size_t mostRungs = 1000;
constexpr std::uint64_t leastLadderSweeps = 100;

void requireFinite(double value) {
  if (!std::isfinite(value))
    throw parameterError(
        "energies of this machine are not finite in its precision, or too large for it to tell them apart: its parameters are too large");
}

// Neighbouring rungs less than a standard deviation of log w apart, so that swaps between them are accepted as a rule.
std::size_t rungsFor(double length) { return std::min<std::size_t>(mostRungs, 4 + static_cast<std::size_t>(std::min(length / 0.8, 1e6))); }

std::vector<bool> noLayer(const Machine& machine) { return std::vector<bool>(machine.wiring().layers().size(), false); }

// What both estimates begin with: samples of the machine, a path from their marginals, and where on it to stop.
class Route {
 public:
  Route(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled)
      : machine_(machine), options_(options), cancelled_(cancelled), samples_(machine, options) {
    samples_.run(cancelled);
    path_.emplace(machine, AnnealingPath::roles(machine.wiring(), noLayer(machine)), samples_.base(), std::min(chunkRows, options.chains));
  }

  AnnealingPath& path() { return *path_; }
  ModelSamples& samples() { return samples_; }

  // Inverse temperatures as given, or as many as count(length of the path in standard deviations of log w) asks for.
  template <class Count>
  std::vector<double> temperatures(Count&& count) {
    if (!options_.betas.empty()) return options_.betas;
    const std::size_t pilotSize = options_.temperatures ? std::min(options_.temperatures, pilotTemperatures) : pilotTemperatures;
    const std::vector<double> betas = usualTemperatures(std::max<std::size_t>(pilotSize, 2));
    Annealer pilot(*path_, betas);
    pilot.recordIncrements();
    States states(machine_, std::min(options_.chains, pilotChains));
    std::vector<double> weights(states.rows());
    pilot.forward(states, {stream(pilot.steps())}, cancelled_, weights);
    const std::vector<double> variances = pilot.incrementVariances();
    double length = 0;
    for (const double v : variances) length += std::sqrt(v);
    requireFinite(length);
    return equalisedTemperatures(betas, variances, options_.temperatures ? options_.temperatures : count(length));
  }

  Stream stream(std::uint64_t steps) { return {machine_.seed(), Purpose::evaluation, 0, machine_.nextStep(Purpose::evaluation, steps)}; }

 private:
  Machine& machine_;
  const PartitionOptions& options_;
  const Cancelled& cancelled_;
  ModelSamples samples_;
  std::optional<AnnealingPath> path_;
};

class Bracket {
 public:
  Bracket(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled)
      : machine_(machine), options_(options), cancelled_(cancelled), route_(machine, options, cancelled) {}

  PartitionResult run() {
    Annealer annealer(route_.path(), route_.temperatures([](double) { return usualNumber; }));
    const std::vector<double> up = forward(annealer), down = reverse(annealer);
    return result(route_.path().logBase(), up, down);
  }

 private:
  std::vector<double> forward(Annealer& annealer) {
    std::vector<double> weights(options_.chains);
    Round round{route_.stream(annealer.steps())};
    for (std::size_t first = 0; first < weights.size(); first += chunkRows) {
      States states(machine_, std::min(chunkRows, weights.size() - first));
      round.firstChain = static_cast<std::uint32_t>(first);
      annealer.forward(states, round, cancelled_, std::span(weights).subspan(first, states.rows()));
    }
    return weights;
  }

  std::vector<double> reverse(Annealer& annealer) {
    std::vector<double> weights(options_.chains);
    Round round{route_.stream(annealer.steps())};
    std::size_t first = 0;
    for (States& states : route_.samples().blocks()) {
      round.firstChain = static_cast<std::uint32_t>(first);
      annealer.reverse(states, round, cancelled_, std::span(weights).subspan(first, states.rows()));
      first += states.rows();
    }
    return weights;
  }

  static Interval shifted(Interval i, double by) { return {i.value + by, i.low + by, i.high + by}; }

  PartitionResult result(double logBase, const std::vector<double>& up, const std::vector<double>& down) const {
    for (const std::vector<double>* all : {&up, &down})
      for (const double u : *all) requireFinite(u);
    const Interval forward = shifted(logMeanInterval(up), logBase), back = logMeanInterval(down);
    const Interval reverse = shifted({-back.value, -back.high, -back.low}, logBase);
    std::vector<double> negated;
    for (const double u : down) negated.push_back(-u);
    const LogRatio ratio = bennettRatio(up, negated);
    if (std::fabs(reverse.value - forward.value) < 1) requireFinite(ratio.standardError);
    const double freedom = 2 * static_cast<double>(options_.chains) - 2;
    return {PartitionOptions::Method::annealed,
            shifted(studentInterval(ratio.value, ratio.standardError, freedom), logBase),
            forward,
            reverse,
            effectiveSampleSize(up),
            effectiveSampleSize(down)};
  }

  Machine& machine_;
  const PartitionOptions& options_;
  const Cancelled& cancelled_;
  Route route_;
};

PartitionResult ladder(Machine& machine, const PartitionOptions& options, const Cancelled& cancelled) {
  Route route(machine, options, cancelled);
  TemperedLadder ladder(machine, route.path(), route.temperatures(rungsFor), options.chains);
  const std::uint64_t sweeps = std::max<std::uint64_t>(options.warmup, leastLadderSweeps);
  ladder.start(route.samples().blocks());
  ladder.sweep(options.warmup, false, cancelled);
  ladder.sweep(sweeps, true, cancelled);
  const LadderEstimate found = ladder.estimate();
  requireFinite(found.value);
  const double freedom = static_cast<double>(options.chains) - 1;
  return {PartitionOptions::Method::ladder,
          studentInterval(route.path().logBase() + found.value, found.standardError, freedom),
          {},
          {},
          found.effectiveSampleSize,
          found.effectiveSampleSize,
          found.overlap};
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
  const bool exact =
      options.method == Method::exact || (options.method == Method::automatic && countedStates(machine) <= quicklyCountedStates);
  if (!exact) return options.method == Method::ladder ? ladder(machine, options, cancelled) : Bracket(machine, options, cancelled).run();
  const double value = exactLogZ(machine, cancelled), none = std::numeric_limits<double>::infinity();
  return {Method::exact, {value, value, value}, {}, {}, none, none, 1};
}

}  // namespace boltzkit
