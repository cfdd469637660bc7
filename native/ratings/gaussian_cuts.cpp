#include "ratings/gaussian_cuts.hpp"

#include <algorithm>
#include <cmath>

#include "ratings/gaussian_draws.hpp"
#include "ratings/gaussian_latent.hpp"
#include "ratings/gaussian_matrix.hpp"

namespace boltzkit::ratings {
namespace {

constexpr std::size_t binCount = 1024;
constexpr std::size_t usersPerTile = 64;
constexpr int mostSteps = 100;

}  // namespace

// Bins reach two spans of the scale beyond its ends: nothing the noise draws comes from further.
CutPoints::CutPoints(const GaussianOptions& options, std::vector<double> values)
    : options_(options), values_(std::move(values)), counts_(binCount * values_.size(), 0.0) {
  const double first = (values_.front() - options_.centre) / options_.scale, last = (values_.back() - options_.centre) / options_.scale;
  const double span = std::max(last - first, 1.0);
  low_ = first - span;
  width_ = 3 * span / binCount;
}

void CutPoints::add(const RatedEntries& entries, const GaussianState& state, ThreadTeam& team) {
  const EntryRows& users = entries.byUser();
  const std::size_t stride = factorStride(options_.hidden);
  std::vector<std::vector<std::uint64_t>> counts(team.threads(), std::vector<std::uint64_t>(counts_.size(), 0));
  team.parallelFor((users.rows() + usersPerTile - 1) / usersPerTile, [&](std::size_t tile, unsigned thread) {
    for (std::size_t u = tile * usersPerTile; u < std::min(users.rows(), (tile + 1) * usersPerTile); ++u) {
      const EntryRows::Row row = users.row(u);
      const float* user = state.sides[0].factors.data() + u * stride;
      for (std::size_t e = 0; e < row.size(); ++e) {
        const float* item = state.sides[1].factors.data() + row.columns[e] * stride;
        float f = state.sides[0].biases[u] + state.sides[1].biases[row.columns[e]];
        for (std::size_t c = 0; c < options_.hidden; ++c) f += user[c] * item[c];
        const double place = std::clamp((f - low_) / width_, 0.0, static_cast<double>(binCount - 1));
        const std::size_t value = std::lower_bound(values_.begin(), values_.end(), row.value(e)) - values_.begin();
        ++counts[thread][static_cast<std::size_t>(place) * values_.size() + std::min(value, values_.size() - 1)];
      }
    }
  });
  for (const auto& part : counts)
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += static_cast<double>(part[i]);
}

void CutPoints::clear() { std::fill(counts_.begin(), counts_.end(), 0.0); }

std::vector<double> CutPoints::halfWay() const {
  std::vector<double> cuts;
  for (std::size_t j = 0; j + 1 < values_.size(); ++j)
    cuts.push_back(((values_[j] + values_[j + 1]) / 2 - options_.centre) / options_.scale);
  return cuts;
}

double CutPoints::likelihood(const std::vector<double>& cuts, std::size_t from) const {
  const CutScale scale{values_, cuts, options_.ordinalNoise};
  const double root = std::sqrt(options_.ordinalNoise);
  double sum = 0;
  for (std::size_t b = 0; b < binCount; ++b)
    for (std::size_t j = from; j <= from + 1; ++j) {
      const double count = counts_[b * values_.size() + j];
      if (count == 0) continue;
      const double low = (scale.low(j) - middle(b)) * root, high = (scale.high(j) - middle(b)) * root;
      const double mass = low > 0 ? normalBelow(-low) - normalBelow(-high) : normalBelow(high) - normalBelow(low);
      sum += count * std::log(std::max(mass, 1e-300));
    }
  return sum;
}

// A cut point's posterior is about normal: steps of 2.4 of its standard deviations mix well (Roberts,
// Gelman & Gilks 1997). How wide that is follows from the number of ratings next to the cut alone, so
// proposals are symmetric.
void CutPoints::draw(std::vector<double>& cuts, std::uint64_t sweep) const {
  const std::vector<double> middles = halfWay();
  Draws draws(gaussianStream(options_.seed, Drawn::cuts, 0, sweep));
  for (std::size_t j = 0; j < cuts.size(); ++j) {
    double near = 1;
    for (std::size_t b = 0; b < binCount; ++b) near += counts_[b * values_.size() + j] + counts_[b * values_.size() + j + 1];
    const double step = 2.4 * std::min(1.0, 1.2 / std::sqrt(options_.ordinalNoise * near)) * draws.normal(), chance = draws.uniform();
    std::vector<double> next(cuts);
    next[j] += step;
    const bool rising = (j == 0 || next[j] > next[j - 1]) && (j + 1 == next.size() || next[j] < next[j + 1]);
    if (!rising) continue;
    const auto prior = [&](double cut) { return -0.5 * std::pow((cut - middles[j]) / options_.cutSpread, 2); };
    const double change = likelihood(next, j) + prior(next[j]) - likelihood(cuts, j) - prior(cuts[j]);
    if (std::log(chance) < change) cuts = next;
  }
}

// Fisher scoring over (gamma_1 ... gamma_(V-1), a). The log-likelihood is concave.
ValueScale CutPoints::fit(double spread) const {
  const std::size_t v = values_.size(), size = v;
  ValueScale scale{values_, halfWay(), spread};
  double total = 0;
  for (const double count : counts_) total += count;
  if (v < 2 || total == 0) return scale;
  std::vector<double> at(size);
  at[v - 1] = 1.5;
  for (std::size_t j = 0; j + 1 < v; ++j) at[j] = at[v - 1] * scale.cuts[j];
  const auto likelihood = [&](const std::vector<double>& x) {
    double sum = 0;
    for (std::size_t b = 0; b < binCount; ++b)
      for (std::size_t j = 0; j < v; ++j) {
        const double count = counts_[b * v + j];
        if (count == 0) continue;
        const double high = j + 1 < v ? normalBelow(x[j] - x[v - 1] * middle(b)) : 1,
                     low = j > 0 ? normalBelow(x[j - 1] - x[v - 1] * middle(b)) : 0;
        sum += count * std::log(std::max(high - low, 1e-300));
      }
    return sum;
  };
  double now = likelihood(at);
  for (int step = 0; step < mostSteps; ++step) {
    std::vector<double> gradient(size, 0.0), information(size * size, 0.0);
    for (std::size_t b = 0; b < binCount; ++b) {
      double inBin = 0;
      for (std::size_t j = 0; j < v; ++j) inBin += counts_[b * v + j];
      if (inBin == 0) continue;
      const double f = middle(b);
      for (std::size_t j = 0; j < v; ++j) {
        const double up = j + 1 < v ? at[j] - at[v - 1] * f : 0, down = j > 0 ? at[j - 1] - at[v - 1] * f : 0;
        const double dUp = j + 1 < v ? normalDensity(up) : 0, dDown = j > 0 ? normalDensity(down) : 0;
        const double p = std::max((j + 1 < v ? normalBelow(up) : 1) - (j > 0 ? normalBelow(down) : 0), 1e-12);
        // The derivatives of p by gamma_j, gamma_(j-1) and a.
        const std::size_t places[3] = {j, j > 0 ? j - 1 : 0, v - 1};
        const double by[3] = {j + 1 < v ? dUp : 0, j > 0 ? -dDown : 0, -(dUp - dDown) * f};
        for (int x = 0; x < 3; ++x) {
          gradient[places[x]] += counts_[b * v + j] * by[x] / p;
          for (int y = 0; y < 3; ++y) information[places[x] * size + places[y]] += inBin * by[x] * by[y] / p;
        }
      }
    }
    for (std::size_t i = 0; i < size; ++i) information[i * size + i] += 1e-6 * total;
    const std::vector<double> lower = choleskyLower(information, size);
    solvePlain(lower, size, gradient);
    solveTransposed(lower, size, gradient);
    double length = 1, gain = 0;
    for (; length > 1e-4; length /= 2) {  // halved until it helps and keeps the order
      std::vector<double> next(at);
      for (std::size_t i = 0; i < size; ++i) next[i] += length * gradient[i];
      bool ordered = next[v - 1] > 0;
      for (std::size_t j = 1; j + 1 < v; ++j) ordered = ordered && next[j] > next[j - 1];
      if (!ordered) continue;
      const double then = likelihood(next);
      if (then < now) continue;
      gain = then - now;
      now = then;
      at = next;
      break;
    }
    if (gain <= 1e-9 * total) break;
  }
  for (std::size_t j = 0; j + 1 < v; ++j) scale.cuts[j] = at[j] / at[v - 1];
  scale.spread = 1 / at[v - 1];
  return scale;
}

}  // namespace boltzkit::ratings
