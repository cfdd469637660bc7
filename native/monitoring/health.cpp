#include "monitoring/health.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "monitoring/none.hpp"
#include "monitoring/singular_values.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t singularValues = 10;

// Chains in equilibrium keep their mean energy. A change counts only if it exceeds both limits: 3.9
// standard errors, which chance exceeds once in 10,000 checks, and a quarter of the standard
// deviation of the energies. The second one keeps negligible changes unreported, however precisely
// they are measured.
constexpr double surprise = 3.9, noticeable = 0.25;

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return buffer;
}

double spreadOf(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size()), mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / n);
}

std::string sentenceOf(const Series& series) {
  const Trend trend = trendOf(series);
  if (!(std::fabs(trend.value) > surprise * trend.standardError && std::fabs(trend.value) > noticeable * spreadOf(series.values)))
    return {};
  return "The chains are out of equilibrium: with the parameters held their mean energy " +
         std::string(trend.value < 0 ? "falls" : "rises") + " by " + text(std::fabs(trend.value)) + " nats within " +
         std::to_string(series.length / 2) + " sweeps; more sweeps per update or a lower learning rate let them keep up.";
}

void copyRows(Backend& backend, const Tensor& from, std::span<const std::uint32_t> rows, Tensor& to) {
  std::vector<float> all(from.rows() * from.cols()), picked;
  backend.download(from, std::span<float>(all));
  for (const std::uint32_t row : rows)
    picked.insert(picked.end(), all.data() + row * from.cols(), all.data() + (row + std::size_t{1}) * from.cols());
  backend.upload(std::span<const float>(picked), to);
}

}  // namespace

Health HealthCheck::measure(const States* particles) {
  Health health{none, none, none, freeEnergyDrift(), {}, {}};
  if (!machine_.wiring().couplings().empty()) health.singularValues = largestSingularValues(machine_, 0, singularValues);
  if (!particles) return health;
  const Series series = energySeries(*particles);
  const Mixing mixing = mixingOf(series);
  health.autocorrelationTime = mixing.autocorrelationTime;
  health.effectiveSampleSize = mixing.effectiveSampleSize;
  health.splitRhat = mixing.splitRhat;
  health.sentence = sentenceOf(series);
  return health;
}

// Energies of copies of the chains after every sweep.
Series HealthCheck::energySeries(const States& particles) {
  const std::size_t count = std::min(chains_, particles.rows());
  States states(machine_, count);
  for (std::size_t l = 0; l < states.layers.size(); ++l)
    copyRows(machine_.backend(), particles[l], watchedRows(particles.rows(), {}, count).rows, states[l]);
  BlockGibbs gibbs(machine_, std::vector<bool>(states.layers.size(), false), count);
  Round round{machine_.random().next(Purpose::monitor, watchedSweeps)};
  Series series{count, watchedSweeps, std::vector<double>(count * watchedSweeps)};
  std::vector<double> now(count);
  for (std::size_t t = 0; t < watchedSweeps; ++t, ++round.stream.step) {
    gibbs.sweep(states, round);
    energies(machine_, states, now);
    for (std::size_t c = 0; c < count; ++c) series.values[c * watchedSweeps + t] = now[c];
  }
  return series;
}

// Mean free energy of chains from noise minus that of chains from data rows, after the same few
// sweeps.
double HealthCheck::freeEnergyDrift() {
  if (data_.anyMissing() || !summable(machine_, data_.given())) return none;
  const WatchedRows from = watchedRows(data_.rows(), rowWeights_, chains_);
  const std::size_t count = from.rows.size(), layers = machine_.wiring().layers().size();
  States states(machine_, count);
  BlockGibbs gibbs(machine_, std::vector<bool>(layers, false), count);
  Round round{machine_.random().next(Purpose::monitor, startSweeps + 1)};
  const std::uint64_t first = round.stream.step;
  data_.gather(from.rows, states);
  for (std::size_t l = 0; l < layers; ++l)
    if (!data_.given()[l]) gibbs.update(l, states, round, nullptr, &states[l]);
  const double fromData = from.mean(freeEnergiesLater(states, gibbs, 0, first + 1));
  // So that these chains use other random words than those from data.
  const auto chain = static_cast<std::uint32_t>(count);
  data_.gather(from.rows, states);
  for (std::size_t l = 0; l < layers; ++l) drawWithoutField(machine_.backend(), machine_.unitsOf(l), l, round.stream, chain, states[l]);
  return WatchedRows{}.mean(freeEnergiesLater(states, gibbs, chain, first + 1)) - fromData;
}

std::vector<double> HealthCheck::freeEnergiesLater(States& states, BlockGibbs& gibbs, std::uint32_t firstChain,
                                                   std::uint64_t firstStep) const {
  gibbs.sweep(states, {{machine_.seed(), Purpose::monitor, 0, firstStep}, firstChain}, startSweeps);
  std::vector<double> values(states.rows());
  freeEnergies(machine_, states, data_.given(), values);
  return values;
}

}  // namespace boltzkit
