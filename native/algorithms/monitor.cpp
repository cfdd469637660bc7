#include "algorithms/monitor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "algorithms/completion.hpp"
#include "algorithms/pseudo_likelihood.hpp"

namespace boltzkit {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

// Calls body(states) for chunks of evenly spaced rows.
template <class Body>
void Monitor::forEachSample(const LayerData& data, Body body) {
  const std::size_t count = std::min(rows_, data.rows());
  States states(machine_, std::min(chunkRows, count));
  std::optional<Completion> completion;
  Stream stream{machine_.seed(), Purpose::monitor, 0, 0};
  if (data.anyMissing()) {
    completion.emplace(machine_, data, states.rows());
    stream.step = machine_.nextStep(Purpose::monitor, completion->loadSteps() + sweeps_);
  }
  std::vector<std::uint32_t> rows;
  for (std::size_t first = 0; first < count; first += chunkRows) {
    rows.resize(std::min(chunkRows, count - first));
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>((first + r) * data.rows() / count);
    states.setRows(rows.size());
    if (completion) {
      Round round{stream, static_cast<std::uint32_t>(first)};
      completion->load(rows, states, round);
      round.stream.step += completion->loadSteps();
      completion->gibbs().sweep(states, round, sweeps_);
    } else {
      data.gather(rows, states);
    }
    body(states);
  }
}

Monitor::Monitor(Machine& machine, const LayerData& training, const LayerData* validation, std::size_t rows, std::uint64_t sweeps)
    : machine_(machine), training_(training), validation_(validation), rows_(rows), sweeps_(sweeps) {}

Metrics Monitor::measure(const States* chains) {
  Metrics m{none, none, none, weightNorm(), none};
  if (rows_ == 0 || !summable(machine_, training_.given())) return m;
  const double training = meanFreeEnergy(training_);
  m.meanFreeEnergy = validation_ ? meanFreeEnergy(*validation_) : training;
  if (validation_) m.freeEnergyGap = m.meanFreeEnergy - training;
  if (chains) {
    std::vector<double> ofChains(chains->rows());
    freeEnergies(machine_, *chains, training_.given(), ofChains);
    m.chainFreeEnergyGap = mean(ofChains) - training;
  }
  m.pseudoLikelihood = pseudoLikelihood(validation_ ? *validation_ : training_);
  return m;
}

double Monitor::meanFreeEnergy(const LayerData& data) {
  std::vector<double> all, part;
  forEachSample(data, [&](States& states) {
    part.resize(states.rows());
    freeEnergies(machine_, states, data.given(), part);
    all.insert(all.end(), part.begin(), part.end());
  });
  return mean(all);
}

// NaN where it has no closed form.
double Monitor::pseudoLikelihood(const LayerData& data) {
  if (PseudoLikelihood::obstacle(machine_, data.given())) return none;
  PseudoLikelihood likelihood(machine_, data.given(), std::min({rows_, chunkRows, data.rows()}));
  const auto layer = static_cast<std::uint8_t>(std::find(data.given().begin(), data.given().end(), true) - data.given().begin());
  const Stream stream{machine_.seed(), Purpose::monitor, layer, machine_.nextStep(Purpose::monitor)};
  std::vector<double> all, part;
  forEachSample(data, [&](States& states) {
    part.resize(states.rows());
    likelihood.estimate(states, stream, all.size(), part);
    all.insert(all.end(), part.begin(), part.end());
  });
  return mean(all);
}

double Monitor::weightNorm() const {
  double squares = 0, count = 0;
  for (std::size_t c = 0; c < machine_.wiring().couplings().size(); ++c) {
    const Tensor& w = machine_.weights(c);
    std::vector<double> rows(w.rows());
    machine_.backend().rowDots(w, w, rows);
    squares += std::accumulate(rows.begin(), rows.end(), 0.0);
    count += static_cast<double>(w.rows()) * static_cast<double>(w.cols());
  }
  return count > 0 ? std::sqrt(squares / count) : 0;
}

}  // namespace boltzkit
