#include "monitoring/monitor.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "likelihood/bound_free_energy.hpp"
#include "likelihood/independent_units.hpp"
#include "likelihood/pseudo_likelihood.hpp"
#include "monitoring/none.hpp"
#include "sampling/completion.hpp"

namespace boltzkit {
namespace {

// The same words at every epoch: the last `count` steps of the purpose, which its count never comes
// near. Units are picked by the words of layer 0.
Stream lastSteps(const Machine& machine, std::uint64_t count) {
  return {machine.seed(), Purpose::monitor, 0, maxStreamStep - std::min(count, maxStreamStep)};
}

}  // namespace

Monitor::Monitor(Machine& machine, const LayerData& training, const LayerData* validation, const Settings& settings,
                 std::span<const double> rowWeights, const std::vector<std::vector<double>>& independent)
    : machine_(machine),
      given_(training.given()),
      closed_(summable(machine, given_)),
      settings_(settings),
      independent_(independent),
      training_{training, watchedRows(training.rows(), rowWeights, settings.rows)} {
  if (validation) validation_.emplace(Sample{*validation, watchedRows(validation->rows(), {}, settings.rows)});
}

// Calls body(states) for every chunk of the watched rows.
template <class Body>
void Monitor::forEachChunkOf(const Sample& sample, Body body) {
  const std::span<const std::uint32_t> all = sample.watched.rows;
  const OrderPtr order = machine_.backend().order({all.begin(), all.end()});
  States states(machine_, std::min(chunkRows, all.size()));
  std::optional<Completion> completion;
  if (sample.data.anyMissing()) completion.emplace(machine_, sample.data, states.rows());
  const Stream stream = lastSteps(machine_, settings_.sweeps + 2);
  for (std::size_t first = 0; first < all.size(); first += chunkRows) {
    const Batch batch{order.get(), first, std::min(chunkRows, all.size() - first)};
    states.setRows(batch.count);
    if (completion) {
      Round round{stream, static_cast<std::uint32_t>(first)};
      completion->load(batch, states, round);
      round.stream.step += completion->loadSteps();
      completion->gibbs().sweep(states, round, settings_.sweeps);
    } else {
      sample.data.gather(batch, states);
    }
    body(states);
  }
}

Metrics Monitor::measure(const States* chains) {
  Metrics m{none, none, none, weightNorm(), none, none, none, none};
  if (training_.watched.rows.empty() || (!closed_ && !bounded(machine_, given_))) return m;
  const Sample& judged = validation_ ? *validation_ : training_;
  if (!settings_.conditions.empty()) {
    pseudoLikelihood(judged, m);  // free energies compare nothing across conditions
    return m;
  }
  const std::vector<double> ofTraining = freeEnergiesOf(training_);
  const std::vector<double> ofJudged = validation_ ? freeEnergiesOf(judged) : ofTraining;
  const double training = training_.watched.mean(ofTraining), mean = judged.watched.mean(ofJudged);
  if (closed_) m.meanFreeEnergy = mean;
  if (closed_) m.lowestFreeEnergy = *std::min_element(ofJudged.begin(), ofJudged.end());
  if (validation_) m.freeEnergyGap = mean - training;
  if (chains) m.chainFreeEnergyGap = meanFreeEnergy(*chains) - training;
  pseudoLikelihood(judged, m);
  return m;
}

void Monitor::freeEnergiesInto(States& states, std::span<double> out) {
  if (closed_) return freeEnergies(machine_, states, given_, out);
  boundFreeEnergies(machine_, states, given_, settings_.sweeps, out);
}

std::vector<double> Monitor::freeEnergiesOf(const Sample& sample) {
  std::vector<double> all, part;
  forEachChunkOf(sample, [&](States& states) {
    part.resize(states.rows());
    freeEnergiesInto(states, part);
    all.insert(all.end(), part.begin(), part.end());
  });
  return all;
}

double Monitor::meanFreeEnergy(const States& chains) {
  States states(machine_, chains.rows());
  for (std::size_t l = 0; l < given_.size(); ++l)
    if (given_[l]) machine_.backend().axpby(1, chains[l], 0, states[l]);
  std::vector<double> values(chains.rows());
  freeEnergiesInto(states, values);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Leaves NaN where there is none.
void Monitor::pseudoLikelihood(const Sample& sample, Metrics& metrics) {
  if (PseudoLikelihood::obstacle(machine_, given_)) return;
  PseudoLikelihood likelihood(machine_, given_, std::min(chunkRows, sample.watched.rows.size()));
  std::optional<IndependentUnits> independent;
  if (IndependentUnits::possible(machine_, given_)) independent.emplace(machine_, independent_);
  std::vector<bool> judged = given_;
  for (const std::size_t l : settings_.conditions) judged[l] = false;
  const std::vector<UnitPart> parts = unitParts(machine_, judged, settings_.units);
  const Stream stream = lastSteps(machine_, 0);
  std::vector<double> all, baseline, part;
  forEachChunkOf(sample, [&](States& states) {
    const std::size_t first = all.size();
    part.resize(states.rows());
    likelihood.estimate(states, parts, stream, first, part);
    all.insert(all.end(), part.begin(), part.end());
    if (!independent) return;
    independent->logLikelihoods(states, parts, stream, first, part);
    baseline.insert(baseline.end(), part.begin(), part.end());
  });
  metrics.pseudoLikelihood = sample.watched.mean(all);
  metrics.pseudoLikelihoodError = sample.watched.standardError(all);
  if (independent) metrics.baseline = sample.watched.mean(baseline);
}

double Monitor::weightNorm() const {
  double squares = 0, count = 0;
  for (std::size_t c = 0; c < machine_.wiring().couplings().size(); ++c) {
    const Tensor& w = machine_.weights(c);
    const std::vector<double> rows =
        reduced(machine_.backend(), w.rows(), [&](const RowSum& sum) { machine_.backend().rowDots(w, w, sum); });
    squares += std::accumulate(rows.begin(), rows.end(), 0.0);
    count += static_cast<double>(w.rows()) * static_cast<double>(w.cols());
  }
  return count > 0 ? std::sqrt(squares / count) : 0;
}

}  // namespace boltzkit
