#include "monitoring/diagnostics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "monitoring/none.hpp"

namespace boltzkit {
namespace {

double meanOf(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Both halves of every chain; leaves out the middle step of an odd length.
std::vector<std::span<const double>> halves(const Series& series) {
  std::vector<std::span<const double>> all;
  const std::size_t half = series.length / 2;
  for (std::size_t c = 0; c < series.chains; ++c) {
    const std::span<const double> chain = std::span(series.values).subspan(c * series.length, series.length);
    all.push_back(chain.first(half));
    all.push_back(chain.last(half));
  }
  return all;
}

// Autocovariance at a lag, divided by n - 1 like the variance at lag 0.
double autocovariance(std::span<const double> chain, double mean, std::size_t lag) {
  double sum = 0;
  for (std::size_t t = 0; t + lag < chain.size(); ++t) sum += (chain[t] - mean) * (chain[t + lag] - mean);
  return sum / static_cast<double>(chain.size() - 1);
}

struct Variances {
  std::vector<double> means;  // per chain
  double within, total;       // W and var+ of the paper
};

Variances variancesOf(const std::vector<std::span<const double>>& chains) {
  Variances v{{}, 0, 0};
  const double n = static_cast<double>(chains.front().size()), m = static_cast<double>(chains.size());
  for (const std::span<const double>& chain : chains) {
    v.means.push_back(meanOf(chain));
    v.within += autocovariance(chain, v.means.back(), 0) / m;
  }
  const double grand = meanOf(v.means);
  double between = 0;
  for (const double mean : v.means) between += (mean - grand) * (mean - grand) / (m - 1);
  v.total = (n - 1) / n * v.within + between;
  return v;
}

// 1 + 2 sum rho_t. Adds sums of neighbouring pairs while they are positive; each is capped at the
// previous one.
double summedTime(const std::vector<std::span<const double>>& chains, const Variances& v) {
  auto correlation = [&](std::size_t lag) {
    double covariance = 0;
    for (std::size_t c = 0; c < chains.size(); ++c) covariance += autocovariance(chains[c], v.means[c], lag);
    return 1 - (v.within - covariance / static_cast<double>(chains.size())) / v.total;
  };
  double time = -1, last = std::numeric_limits<double>::infinity();
  for (std::size_t lag = 0; lag + 1 < chains.front().size(); lag += 2) {
    const double pair = correlation(lag) + correlation(lag + 1);
    if (!(pair > 0)) break;
    last = std::min(last, pair);
    time += 2 * last;
  }
  return time;
}

}  // namespace

Mixing mixingOf(const Series& series) {
  const bool finite = std::all_of(series.values.begin(), series.values.end(), [](double x) { return std::isfinite(x); });
  if (series.length < 4 || series.chains == 0 || !finite) return {none, none, none};
  const std::vector<std::span<const double>> chains = halves(series);
  const Variances v = variancesOf(chains);
  const double draws = static_cast<double>(series.chains * series.length);
  if (v.total == 0) return {1, draws, 1};
  // Anticorrelated series have times below 1. The paper's limit bounds how many draws they can
  // claim.

  const double time = std::max(summedTime(chains, v), 1 / std::log10(std::max(draws, 10.0)));
  return {time, draws / time, v.within > 0 ? std::sqrt(v.total / v.within) : std::numeric_limits<double>::infinity()};
}

Trend trendOf(const Series& series) {
  if (series.length < 2 || series.chains < 2) return {none, none};
  const std::vector<std::span<const double>> parts = halves(series);
  std::vector<double> moves;
  for (std::size_t c = 0; c < parts.size(); c += 2) moves.push_back(meanOf(parts[c + 1]) - meanOf(parts[c]));
  const double mean = meanOf(moves), n = static_cast<double>(moves.size());
  double squares = 0;
  for (const double move : moves) squares += (move - mean) * (move - mean);
  return {mean, std::sqrt(squares / (n - 1) / n)};
}

}  // namespace boltzkit
