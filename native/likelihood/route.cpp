#include "likelihood/route.hpp"

#include <algorithm>
#include <cmath>

#include "core/progress.hpp"
#include "likelihood/annealed.hpp"
#include "likelihood/log_sum.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t trialTemperatures = 200, trialChains = 100;
constexpr std::size_t mostRungs = 1000;

}  // namespace

void requireFinite(double value) {
  if (!std::isfinite(value))
    throw parameterError(
        "energies of this machine are not finite in its precision, or too large for it to tell them apart: its parameters are too large");
}

Route::Route(Machine& machine, const PartitionOptions& options, std::size_t rows, const Cancelled& cancelled)
    : machine_(machine), options_(options), rows_(rows), samples_(machine, options) {
  double done = ModelSamples::work(options) / work(options);
  const double each = (1 - done) / 3;
  {
    const Progress part(0, done);
    samples_.run(cancelled);
  }
  for (const double share : {1.0, 0.5, 0.0}) {
    const Progress part(done, done + each);
    done += each;
    Trial trial = tried(share, cancelled);
    if (!chosen_.path || trial.excess < chosen_.excess) chosen_ = std::move(trial);
  }
  for (const double v : chosen_.variances) length_ += std::sqrt(v);
  requireFinite(length_);
}

// Of a trial: anneals in both directions.
double Route::work(const PartitionOptions& options) {
  const double trial = 2 * 2 * static_cast<double>(trialTemperatures * std::min(options.chains, trialChains));
  return ModelSamples::work(options) + 3 * trial;
}

std::vector<double> Route::temperatures(std::size_t usual) const {
  return options_.betas.empty() ? placed(options_.temperatures ? options_.temperatures : usual) : options_.betas;
}

std::vector<double> Route::placed(std::size_t number) const { return equalisedTemperatures(chosen_.betas, chosen_.variances, number); }

// Spaced such that log w changes by less than one standard deviation between neighbours.
std::size_t Route::rungs() const { return std::min<std::size_t>(mostRungs, 4 + static_cast<std::size_t>(std::min(length_ / 0.8, 1e6))); }

Stream Route::stream(std::uint64_t steps) { return machine_.random().next(Purpose::evaluation, steps); }

Route::Trial Route::tried(double shareOfBiases, const Cancelled& cancelled) {
  const std::size_t temperatures = options_.temperatures ? std::min(options_.temperatures, trialTemperatures) : trialTemperatures;
  Trial trial;
  trial.betas = usualTemperatures(std::max<std::size_t>(temperatures, 2));
  const std::vector<bool> none(machine_.wiring().layers().size(), false);
  trial.path =
      std::make_unique<AnnealingPath>(machine_, AnnealingPath::roles(machine_.wiring(), none), samples_.base(shareOfBiases), rows_);
  Annealer annealer(*trial.path, trial.betas);
  annealer.recordIncrements();
  States states(machine_, std::min(options_.chains, trialChains));
  std::vector<double> up(states.rows()), down(states.rows());
  {
    const Progress part(0, 0.5);
    annealer.forward(states, {stream(annealer.steps())}, cancelled, up);
  }
  trial.variances = annealer.incrementVariances();
  States& samples = samples_.blocks().front();
  const std::size_t all = samples.rows();
  samples.setRows(states.rows());
  for (const std::size_t l : trial.path->kept()) machine_.backend().axpby(1, samples[l], 0, states[l]);
  samples.setRows(all);
  const Progress part(0.5, 1);
  annealer.reverse(states, {stream(annealer.steps())}, cancelled, down);
  trial.excess = -*std::min_element(down.begin(), down.end()) - logMean(up);
  return trial;
}

}  // namespace boltzkit
