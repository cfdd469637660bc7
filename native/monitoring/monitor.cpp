#include "monitoring/monitor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "likelihood/bound_free_energy.hpp"
#include "likelihood/pseudo_likelihood.hpp"
#include "sampling/completion.hpp"

namespace boltzkit {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Monitor::Monitor(Machine& machine, const LayerData& training, const LayerData* validation, std::size_t rows, std::uint64_t sweeps,
                 std::span<const double> rowWeights)
    : machine_(machine),
      given_(training.given()),
      closed_(summable(machine, given_)),
      sweeps_(sweeps),
      training_{training, watchedRows(training.rows(), rowWeights, rows)} {
  if (validation) validation_.emplace(Sample{*validation, watchedRows(validation->rows(), {}, rows)});
}

// Calls body(states) for every chunk of the watched rows.
template <class Body>
void Monitor::forEachChunkOf(const Sample& sample, Body body) {
  const std::span<const std::uint32_t> all = sample.watched.rows;
  const OrderPtr order = machine_.backend().order({all.begin(), all.end()});
  States states(machine_, std::min(chunkRows, all.size()));
  std::optional<Completion> completion;
  Stream stream{machine_.seed(), Purpose::monitor, 0, 0};
  if (sample.data.anyMissing()) {
    completion.emplace(machine_, sample.data, states.rows());
    stream = machine_.random().next(Purpose::monitor, completion->loadSteps() + sweeps_);
  }
  for (std::size_t first = 0; first < all.size(); first += chunkRows) {
    const Batch batch{order.get(), first, std::min(chunkRows, all.size() - first)};
    states.setRows(batch.count);
    if (completion) {
      Round round{stream, static_cast<std::uint32_t>(first)};
      completion->load(batch, states, round);
      round.stream.step += completion->loadSteps();
      completion->gibbs().sweep(states, round, sweeps_);
    } else {
      sample.data.gather(batch, states);
    }
    body(states);
  }
}

Metrics Monitor::measure(const States* chains) {
  Metrics m{none, none, none, weightNorm(), none, none};
  if (training_.watched.rows.empty() || (!closed_ && !bounded(machine_, given_))) return m;
  const Sample& judged = validation_ ? *validation_ : training_;
  const std::vector<double> ofTraining = freeEnergiesOf(training_);
  const std::vector<double> ofJudged = validation_ ? freeEnergiesOf(judged) : ofTraining;
  const double training = training_.watched.mean(ofTraining), mean = judged.watched.mean(ofJudged);
  if (closed_) m.meanFreeEnergy = mean;
  if (closed_) m.lowestFreeEnergy = *std::min_element(ofJudged.begin(), ofJudged.end());
  if (validation_) m.freeEnergyGap = mean - training;
  if (chains) m.chainFreeEnergyGap = meanFreeEnergy(*chains) - training;
  m.pseudoLikelihood = pseudoLikelihood(judged);
  return m;
}

void Monitor::freeEnergiesInto(States& states, std::span<double> out) {
  if (closed_) return freeEnergies(machine_, states, given_, out);
  boundFreeEnergies(machine_, states, given_, sweeps_, out);
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

// NaN if it has no closed form.
double Monitor::pseudoLikelihood(const Sample& sample) {
  if (PseudoLikelihood::obstacle(machine_, given_)) return none;
  PseudoLikelihood likelihood(machine_, given_, std::min(chunkRows, sample.watched.rows.size()));
  const auto layer = static_cast<std::uint8_t>(std::find(given_.begin(), given_.end(), true) - given_.begin());
  const Stream stream = machine_.random().next(Purpose::monitor, 1, layer);
  std::vector<double> all, part;
  forEachChunkOf(sample, [&](States& states) {
    part.resize(states.rows());
    likelihood.estimate(states, unitParts(machine_, given_, 1), stream, all.size(), part);
    all.insert(all.end(), part.begin(), part.end());
  });
  return sample.watched.mean(all);
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
