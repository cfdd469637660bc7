#include "likelihood/tempered_ladder.hpp"

#include <algorithm>
#include <cmath>

#include "core/progress.hpp"
#include "likelihood/bennett.hpp"
#include "sampling/sigmoid.hpp"

namespace boltzkit {
namespace {

// Sweeps: enough for any interval, few enough to store.
constexpr std::uint64_t mostMeasured = 1000;
// Layer of the swap streams. Swaps of users' chains have layer 0, of tempered chains in training 1.
constexpr std::uint8_t swapLayer = 2;

// For each group: the relative deviation of its mean of sigmoid(sign (u - shift)) from the mean
// over all groups. Adds sign times this to `out`.
void addDeviations(const std::vector<double>& u, double sign, double shift, std::vector<double>& out) {
  std::vector<double> means(out.size(), 0.0);
  for (std::size_t i = 0; i < u.size(); ++i) means[i % means.size()] += sigmoid(sign * (u[i] - shift));
  double all = 0;
  for (const double mean : means) all += mean / static_cast<double>(means.size());
  for (std::size_t g = 0; g < out.size(); ++g) out[g] += sign * (all > 0 ? means[g] / all - 1 : 0);
}

}  // namespace

TemperedLadder::TemperedLadder(Machine& machine, AnnealingPath& path, std::vector<double> betas, std::size_t groups)
    : machine_(machine), path_(path), groups_(groups), arrivals_(groups, 0) {
  for (const double beta : betas)
    rungs_.push_back({path.point(beta),
                      States(machine, groups),
                      std::vector<double>(groups),
                      std::vector<double>(groups),
                      {},
                      {},
                      std::vector<char>(groups, 0)});
}

void TemperedLadder::start(const std::vector<States>& blocks) {
  for (const std::size_t l : path_.kept()) {
    std::vector<float> values;
    for (const States& block : blocks) {
      std::vector<float> part(block.rows() * machine_.places(l));
      machine_.backend().download(block[l], std::span<float>(part));
      values.insert(values.end(), part.begin(), part.end());
    }
    values.resize(groups_ * machine_.places(l));
    for (Rung& rung : rungs_) machine_.backend().upload(std::span<const float>(values), rung.states[l]);
  }
}

void TemperedLadder::sweep(std::uint64_t sweeps, bool measure, const Cancelled& cancelled) {
  const std::uint64_t every = (sweeps + mostMeasured - 1) / mostMeasured;
  Round round{machine_.random().next(Purpose::evaluation, sweeps)};
  for (std::uint64_t s = 0; s < sweeps; ++s, ++round.stream.step) {
    throwIfCancelled(cancelled);
    Progress::report(static_cast<double>(s), static_cast<double>(sweeps));
    for (std::size_t k = 0; k < rungs_.size(); ++k) {
      weigh(k);
      if (!measure || s % every != 0) continue;
      rungs_[k].measuredUp.insert(rungs_[k].measuredUp.end(), rungs_[k].up.begin(), rungs_[k].up.end());
      rungs_[k].measuredDown.insert(rungs_[k].measuredDown.end(), rungs_[k].down.begin(), rungs_[k].down.end());
    }
    swapPairs(s % 2, round.stream);
    for (std::size_t k = 0; k < rungs_.size(); ++k) {
      round.firstChain = static_cast<std::uint32_t>(k * groups_);
      path_.load(rungs_[k].states);
      path_.step(rungs_[k].point, rungs_[k].states, round, false);
    }
    followEnds();
  }
}

void TemperedLadder::followEnds() {
  for (std::size_t g = 0; g < groups_; ++g) {
    rungs_.front().fromBelow[g] = 1;
    char& arrived = rungs_.back().fromBelow[g];
    arrivals_[g] += static_cast<std::uint64_t>(arrived);
    arrived = 0;
  }
}

void TemperedLadder::weigh(std::size_t k) {
  Rung& rung = rungs_[k];
  std::fill(rung.up.begin(), rung.up.end(), 0.0);
  std::fill(rung.down.begin(), rung.down.end(), 0.0);
  path_.load(rung.states);
  if (k + 1 < rungs_.size()) path_.addIncrements(rung.point, rungs_[k + 1].point, rung.up);
  if (k > 0) path_.addIncrements(rung.point, rungs_[k - 1].point, rung.down);
}

void TemperedLadder::swapPairs(std::size_t parity, const Stream& given) {
  const Stream stream{given.seed, Purpose::swap, swapLayer, given.step};
  std::vector<bool> chosen(groups_);
  for (std::size_t k = parity; k + 1 < rungs_.size(); k += 2) {
    for (std::size_t g = 0; g < groups_; ++g) {
      const Words4 words = streamWords(stream, static_cast<std::uint32_t>(g), static_cast<std::uint32_t>(k / 4));
      chosen[g] = uniform<double>(words.w[k % 4]) < std::exp(rungs_[k].up[g] + rungs_[k + 1].down[g]);
    }
    exchange(rungs_[k], rungs_[k + 1], chosen);
  }
}

// Exchanges kept layers only; the other layers are drawn anew before anything reads them.
void TemperedLadder::exchange(Rung& a, Rung& b, const std::vector<bool>& chosen) {
  if (std::find(chosen.begin(), chosen.end(), true) == chosen.end()) return;
  Backend& backend = machine_.backend();
  for (const std::size_t l : path_.kept()) {
    const std::size_t places = machine_.places(l);
    std::vector<float> flags(groups_ * places, 0.0f);
    for (std::size_t g = 0; g < groups_; ++g)
      if (chosen[g]) std::fill_n(flags.begin() + static_cast<std::ptrdiff_t>(g * places), places, 1.0f);
    const TensorPtr mask = backend.tensor(groups_, places), before = backend.tensor(groups_, places);
    backend.upload(std::span<const float>(flags), *mask);
    backend.axpby(1, a.states[l], 0, *before);
    backend.clamp(*mask, b.states[l], a.states[l]);
    backend.clamp(*mask, *before, b.states[l]);
  }
  for (std::size_t g = 0; g < groups_; ++g)
    if (chosen[g]) std::swap(a.fromBelow[g], b.fromBelow[g]);
}

LadderEstimate TemperedLadder::estimate() const {
  LadderEstimate estimate{0, 0, 0, 1};
  std::vector<double> deviations(groups_, 0.0);
  double independent = 0;  // the variance if all states were independent
  for (std::size_t k = 0; k + 1 < rungs_.size(); ++k) {
    std::vector<double> above;
    for (const double u : rungs_[k + 1].measuredDown) above.push_back(-u);
    const LogRatio ratio = bennettRatio(rungs_[k].measuredUp, above);
    estimate.value += ratio.value;
    estimate.overlap = std::min(estimate.overlap, ratio.overlap);
    independent += ratio.standardError * ratio.standardError;
    // Both sides have equally many samples, so the mean acceptances are equal when the shift is the
    // estimate itself.

    addDeviations(rungs_[k].measuredUp, 1, ratio.value, deviations);
    addDeviations(above, -1, ratio.value, deviations);
  }
  double squares = 0;
  for (const double d : deviations) squares += d * d;
  const double groups = static_cast<double>(groups_), variance = squares / (groups - 1) / groups;
  estimate.standardError = std::sqrt(variance);
  const double samples = static_cast<double>(rungs_.front().measuredUp.size());
  estimate.effectiveSampleSize = variance > 0 ? std::min(samples, samples * independent / variance) : samples;
  return estimate;
}

}  // namespace boltzkit
