// The Gaussian rating machine: conditional distributions against its energy in plain loops, the same
// bits on any number of threads and after a stop, fold-in against plain algebra, cut points.
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <vector>

#include "fixtures.hpp"
#include "ratings/gaussian_cuts.hpp"
#include "ratings/gaussian_training.hpp"

namespace boltzkit::test {
namespace {

using namespace boltzkit::ratings;

std::shared_ptr<RatedEntries> drawnEntries(std::size_t users, std::size_t items, double density, std::uint64_t seed) {
  Dice dice(seed);
  auto entries = std::make_shared<RatedEntries>(users, items);
  std::vector<std::uint32_t> u, i;
  std::vector<float> v;
  for (std::uint32_t a = 0; a < users; ++a)
    for (std::uint32_t b = 0; b < items; ++b)
      if (a != 3 && b != 5 && dice.uniform() < density) {  // user 3 and item 5 are cold
        u.push_back(a);
        i.push_back(b);
        v.push_back(static_cast<float>(1 + dice.below(5)));
      }
  entries->append(u, i, v);
  entries->finish();
  return entries;
}

GaussianOptions optionsOf(std::size_t hidden) {
  GaussianOptions options;
  options.hidden = hidden;
  options.seed = 17;
  options.centre = 3.2;
  options.scale = 1.3;
  return options;
}

// A component of a user's or item's x; the bias is the last.
double component(const GaussianSideState& side, std::size_t row, std::size_t c, std::size_t hidden) {
  return c < hidden ? side.factors[row * factorStride(hidden) + c] : side.biases[row];
}

// The part of the energy (gaussian_state.hpp) that x of one row is in, in plain loops.
double energyOf(const RatedEntries& entries, const GaussianOptions& o, const GaussianState& state, unsigned s, std::size_t row,
                const std::vector<double>& x) {
  const std::size_t d = o.hidden, k = d + 1;
  const GaussianSideState &own = state.sides[s], &other = state.sides[1 - s];
  const EntryRows::Row entriesOf = (s == 0 ? entries.byUser() : entries.byItem()).row(row);
  double energy = 0;
  for (std::size_t e = 0; e < entriesOf.size(); ++e) {
    double residual = (entriesOf.value(e) - o.centre) / o.scale - x[d] - other.biases[entriesOf.columns[e]];
    for (std::size_t c = 0; c < d; ++c) residual -= x[c] * component(other, entriesOf.columns[e], c, d);
    energy += state.noise / 2 * residual * residual;
  }
  std::vector<double> from(k);
  for (std::size_t c = 0; c < k; ++c) {
    from[c] = x[c] - own.mean[c];
    for (const std::uint32_t j : entriesOf.columns)
      from[c] -= own.layers[0].weights[j * k + c] / std::sqrt(static_cast<double>(entriesOf.size()));
  }
  for (std::size_t a = 0; a < k; ++a)
    for (std::size_t b = 0; b < k; ++b) energy += from[a] * own.precision[a * k + b] * from[b] / 2;
  return energy;
}

TEST_CASE("the conditional distribution of a vector has the energy's curvature and minimum") {
  const auto entries = drawnEntries(12, 9, 0.5, 2);
  for (const std::size_t hidden : {1, 3, 20}) {
    const GaussianOptions options = optionsOf(hidden);
    GaussianSampler sampler(entries, options);
    ThreadTeam team(1);
    for (int sweep = 0; sweep < 5; ++sweep) sampler.sweep(team);
    const GaussianState& state = sampler.state();
    for (unsigned s = 0; s < 2; ++s)
      for (const std::size_t row : {0, 3, 5, 8}) {
        CAPTURE(s);
        CAPTURE(row);
        const std::size_t k = hidden + 1;
        const RowPosterior found = sampler.side(s).posterior(row, state.sides[1 - s], state.noise);
        const auto energy = [&](const std::vector<double>& x) { return energyOf(*entries, options, state, s, row, x); };
        // The energy is quadratic, so differences give its curvature and gradient without error.
        for (std::size_t a = 0; a < k; ++a) {
          std::vector<double> up(found.mean), down(found.mean);
          up[a] += 1;
          down[a] -= 1;
          const double scale = found.precision[a * k + a];
          CHECK(std::fabs(energy(up) - energy(down)) < 1e-4 * scale);
          for (std::size_t b = 0; b < k; ++b) {
            std::vector<double> both(up), other(found.mean);
            both[b] += 1;
            other[b] += 1;
            const double curvature = energy(both) - energy(up) - energy(other) + energy(found.mean);
            CHECK(std::fabs(curvature - found.precision[a * k + b]) < 1e-5 * std::sqrt(scale * found.precision[b * k + b]));
          }
        }
      }
  }
}

bool same(const GaussianState& a, const GaussianState& b) {
  bool equal = a.sweeps == b.sweeps && a.noise == b.noise;
  for (unsigned s = 0; s < 2; ++s) {
    const GaussianSideState &x = a.sides[s], &y = b.sides[s];
    equal = equal && x.factors == y.factors && x.biases == y.biases && x.mean == y.mean && x.precision == y.precision;
    for (std::size_t l = 0; l < x.layers.size(); ++l)
      equal = equal && x.layers[l].weights == y.layers[l].weights && x.layers[l].precision == y.layers[l].precision;
  }
  return equal;
}

TEST_CASE("a seed gives the same bits on any number of threads, and after a stop") {
  const auto entries = drawnEntries(300, 120, 0.1, 4);
  for (const std::size_t hidden : {6, 33}) {
    const GaussianOptions options = optionsOf(hidden);
    ThreadTeam one(1), three(3);
    GaussianSampler alone(entries, options), together(entries, options);
    for (int sweep = 0; sweep < 4; ++sweep) {
      alone.sweep(one);
      together.sweep(three);
    }
    CHECK(same(alone.state(), together.state()));
    GaussianSampler again(entries, options, {}, together.state());
    again.sweep(three);
    alone.sweep(one);
    CHECK(same(alone.state(), again.state()));
    GaussianOptions otherSeed = options;
    otherSeed.seed = 18;
    GaussianSampler other(entries, otherSeed, {}, together.state());
    other.sweep(one);
    CHECK_FALSE(same(alone.state(), other.state()));
  }
}

// One user, one item, no hidden units that matter: with Lambda and mu held fixed by strong priors the
// posterior of the biases is normal, and known.
TEST_CASE("biases of one rated pair have their known posterior") {
  auto entries = std::make_shared<RatedEntries>(1, 1);
  entries->append(std::vector<std::uint32_t>{0}, std::vector<std::uint32_t>{0}, std::vector<float>{2});
  entries->finish();
  GaussianOptions options;
  options.hidden = 1;
  options.usersConditional = options.itemsConditional = false;
  options.priorFreedom = 1e7;  // Lambda = 4 I: latent products have a standard deviation of 1/4
  options.priorScale = 2.5e6;
  options.freedomShare = 1e9;
  options.meanWeight = 1e8;  // mu = 0
  options.noiseShape = 1e8;  // alpha = 1
  options.noiseRate = 1e8;
  GaussianSampler sampler(entries, options);
  ThreadTeam team(1);
  double sum = 0;
  const int sweeps = sanitized ? 20000 : 200000;
  for (int sweep = 0; sweep < 100; ++sweep) sampler.sweep(team);
  std::vector<double> batches(50, 0.0);
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    sampler.sweep(team);
    batches[static_cast<std::size_t>(sweep) * 50 / sweeps] += sampler.state().sides[0].biases[0] * 50.0 / sweeps;
  }
  for (const double batch : batches) sum += batch / 50;
  double spread = 0;
  for (const double batch : batches) spread += (batch - sum) * (batch - sum) / 49 / 50;
  // E[b_u | v = 2]: with p = h w, v - p = b_u + b_i + e, so E = E[(2 - p) | v] / 4 / (1/4 + 1/4 + 1), by exact sums over a grid of h and w.
  double weight = 0, mean = 0;
  for (double h = -4; h <= 4; h += 0.02)
    for (double w = -4; w <= 4; w += 0.02) {
      const double rest = 2 - h * w, density = std::exp(-2 * (h * h + w * w) - rest * rest / 2 / 1.5);
      weight += density;
      mean += density * rest * 0.25 / 1.5;
    }
  CHECK(std::fabs(sum - mean / weight) < 4.5 * std::sqrt(spread) + 1e-4);
  CHECK(spread < 1e-4);
}

// P^-1 b by Gauss-Jordan, in plain loops.
std::vector<double> solved(std::vector<double> a, std::vector<double> b, std::size_t k) {
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t r = 0; r < k; ++r) {
      if (r == i) continue;
      const double factor = a[r * k + i] / a[i * k + i];
      for (std::size_t c = 0; c < k; ++c) a[r * k + c] -= factor * a[i * k + c];
      b[r] -= factor * b[i];
    }
  for (std::size_t i = 0; i < k; ++i) b[i] /= a[i * k + i];
  return b;
}

TEST_CASE("fold-in, scores, predictions and contributions are those of plain algebra") {
  const auto entries = drawnEntries(60, 25, 0.4, 6);
  const GaussianOptions options = optionsOf(5);
  ThreadTeam team(2);
  const GaussianTrained trained = trainGaussian(entries, options, {20, 4, 2, {1, 2, 3, 4, 5}}, {}, nullptr, team);
  const GaussianModel& model = *trained.model;
  const std::size_t d = 5, k = 6, stride = factorStride(d), items = 25;
  const std::vector<std::uint32_t> rated{2, 7, 11}, nothing;
  const std::vector<float> values{5, 1, 4}, none;
  std::vector<std::uint32_t> all(items);
  for (std::uint32_t i = 0; i < items; ++i) all[i] = i;
  const GivenEntries users[2] = {{rated, values}, {nothing, none}};
  std::vector<float> scores(2 * items), alone(items), chances(2 * items);
  model.scores(users, nullptr, team, scores);
  model.scores({users, 1}, nullptr, team, alone);
  const double threshold = 4;
  model.scores(users, &threshold, team, chances);
  CHECK(std::equal(alone.begin(), alone.end(), scores.begin()));
  for (std::size_t u = 0; u < 2; ++u) {
    const std::vector<RatingPrediction> predicted = model.predict(users[u], all);
    for (std::size_t i = 0; i < items; ++i) {
      double mean = 0, second = 0, within = 0;
      for (std::size_t number = 0; number < model.samples(); ++number) {
        const GaussianSample s = model.sample(number);
        std::vector<double> p(s.precision), right(k), prior(s.mean), a(k);
        for (const std::uint32_t j : users[u].items)
          for (std::size_t c = 0; c < k; ++c) prior[c] += s.weights[j * k + c] / std::sqrt(static_cast<double>(users[u].items.size()));
        for (std::size_t x = 0; x < k; ++x)
          for (std::size_t y = 0; y < k; ++y) right[x] += s.precision[x * k + y] * prior[y];
        const auto row = [&](std::size_t item, std::size_t c) { return c < d ? s.factors[item * stride + c] : 1.0f; };
        for (std::size_t e = 0; e < users[u].items.size(); ++e)
          for (std::size_t x = 0; x < k; ++x) {
            const std::size_t j = users[u].items[e];
            right[x] += s.noise * row(j, x) * ((users[u].values[e] - options.centre) / options.scale - s.biases[j]);
            for (std::size_t y = 0; y < k; ++y) p[x * k + y] += s.noise * row(j, x) * row(j, y);
          }
        const std::vector<double> h = solved(p, right, k);
        for (std::size_t c = 0; c < k; ++c) a[c] = row(i, c);
        const std::vector<double> pa = solved(p, a, k);
        double f = s.biases[i], variance = 1 / s.noise;
        for (std::size_t c = 0; c < k; ++c) {
          f += a[c] * h[c];
          variance += a[c] * pa[c];
        }
        mean += f / 4;
        second += f * f / 4;
        within += variance / 4;
      }
      CHECK(predicted[i].mean == doctest::Approx(options.centre + options.scale * mean).epsilon(1e-5));
      CHECK(scores[u * items + i] == doctest::Approx(options.centre + options.scale * mean).epsilon(1e-5));
      CHECK(predicted[i].variance == doctest::Approx(options.scale * options.scale * (within + second - mean * mean)).epsilon(1e-5));
      const auto& p = predicted[i].probabilities;
      CHECK(p[0] + p[1] + p[2] + p[3] + p[4] == doctest::Approx(1));
      CHECK(chances[u * items + i] == doctest::Approx(p[3] + p[4]).epsilon(1e-5));
    }
  }
  // What is left of a score without the entries' parts is what is known without them: it does not
  // depend on the values given.
  const std::vector<float> others{1, 5, 2};
  std::vector<double> parts(3), otherParts(3);
  model.contributions(users[0], 9, parts);
  model.contributions({rated, others}, 9, otherParts);
  const std::vector<std::uint32_t> nine{9};
  const double base = model.predict(users[0], nine)[0].mean - parts[0] - parts[1] - parts[2];
  const double otherBase = model.predict({rated, others}, nine)[0].mean - otherParts[0] - otherParts[1] - otherParts[2];
  CHECK(base == doctest::Approx(otherBase).epsilon(1e-5));
  CHECK(std::fabs(parts[0] - otherParts[0]) > 1e-6);
}

TEST_CASE("cut points of known probit ratings are found") {
  const std::size_t users = 200, items = 100;
  GaussianOptions options = optionsOf(1);
  options.centre = 3;
  options.scale = 1;
  GaussianState state;
  Dice dice(12);
  for (unsigned s = 0; s < 2; ++s) {
    state.sides[s].factors.assign((s == 0 ? users : items) * factorStride(1), 0.0f);
    for (std::size_t r = 0; r < (s == 0 ? users : items); ++r) state.sides[s].biases.push_back(static_cast<float>(dice.between(-1, 1)));
  }
  const std::vector<double> cuts{-1.2, 0.3, 0.9};
  const double spread = 0.7;
  auto entries = std::make_shared<RatedEntries>(users, items);
  std::vector<std::uint32_t> u, i;
  std::vector<float> v;
  for (std::uint32_t a = 0; a < users; ++a)
    for (std::uint32_t b = 0; b < items; ++b) {
      const double z = std::sqrt(-2 * std::log(dice.uniform() + 0x1p-25)) * std::cos(6.283185307179586 * dice.uniform());
      const double latent = state.sides[0].biases[a] + state.sides[1].biases[b] + spread * z;
      u.push_back(a);
      i.push_back(b);
      v.push_back(static_cast<float>(1 + (latent > cuts[0]) + (latent > cuts[1]) + (latent > cuts[2])));
    }
  entries->append(u, i, v);
  entries->finish();
  CutPoints points(options, {1, 2, 3, 4});
  ThreadTeam team(2);
  points.add(*entries, state, team);
  const ValueScale found = points.fit(1);
  for (std::size_t j = 0; j < 3; ++j) CHECK(std::fabs(found.cuts[j] - cuts[j]) < 0.06);  // 4.5 standard errors
  CHECK(std::fabs(found.spread - spread) < 0.05);
  const ValueScale unfitted = CutPoints(options, {1, 2, 3, 4}).fit(0.9);
  CHECK(unfitted.cuts == std::vector<double>{-1.5, -0.5, 0.5});
  CHECK(unfitted.spread == 0.9);
}

TEST_CASE("truncated normals have their quantiles and means") {
  CHECK(normalQuantile(0.5) == 0);
  for (const double x : {-8.0, -5.1, -3.0, -1.0, -0.3, 0.2, 1.9, 4.0})
    CHECK(normalQuantile(normalBelow(x)) == doctest::Approx(x).epsilon(1e-9));
  const double infinity = std::numeric_limits<double>::infinity();
  const double bounds[][2] = {{-infinity, -1.5}, {-0.4, 0.9}, {2, infinity}, {3, 3.5}, {-6, -5.5}, {-infinity, infinity}};
  for (const auto& [low, high] : bounds) {
    CAPTURE(low);
    CAPTURE(high);
    double mean = 0;
    const int n = 20000;
    double last = -infinity;
    for (int i = 0; i < n; ++i) {  // the mean of even quantiles is the mean, but for 1 / n of a tail
      const double x = truncatedNormal((i + 0.5) / n, low, high);
      CHECK((x >= low && x <= high && x >= last));
      last = x;
      mean += x / n;
    }
    CHECK(std::fabs(mean - truncatedMean(low, high)) < 1e-3);
  }
  CHECK(truncatedNormal(0.5, 50, 51) >= 50);
  CHECK(truncatedMean(-60, -50) == doctest::Approx(-50).epsilon(1e-3));
}

// The mode of a user's vector under ordinal ratings: no step up is left, by differences of the
// log-posterior in plain loops. E[r] is that of the probabilities.
TEST_CASE("ordinal fold-in finds the mode, scores are those of the probabilities") {
  const std::size_t items = 30, k = 4, stride = factorStride(3);
  GaussianOptions options = optionsOf(3);
  options.ordinal = true;
  options.values = {1, 2, 3, 4, 5};
  ThreadTeam team(2);
  const GaussianTrained trained = trainGaussian(drawnEntries(80, items, 0.4, 3), options, {30, 2, 2, options.values}, {}, nullptr, team);
  const GaussianModel& model = *trained.model;
  CHECK(trained.state->noise == options.ordinalNoise);
  const std::vector<std::uint32_t> rated{1, 4, 9, 12};
  const std::vector<float> values{5, 1, 4, 2};
  const GivenEntries user{rated, values};
  std::vector<float> scores(items);
  model.scores({&user, 1}, nullptr, team, scores);
  std::vector<std::uint32_t> all(items);
  for (std::uint32_t i = 0; i < items; ++i) all[i] = i;
  const std::vector<RatingPrediction> predicted = model.predict(user, all);
  for (std::size_t i = 0; i < items; ++i) {
    double mean = 0;
    for (std::size_t v = 0; v < 5; ++v) mean += predicted[i].probabilities[v] * options.values[v];
    CHECK(predicted[i].mean == doctest::Approx(mean));
    CHECK(scores[i] == doctest::Approx(mean).epsilon(1e-5));
  }
  GaussianModel::Posterior posterior(2, k, stride, true);
  model.foldIn(user, posterior);
  for (std::size_t number = 0; number < 2; ++number) {
    const GaussianSample s = model.sample(number);
    const auto logPosterior = [&](const std::vector<double>& x) {
      std::vector<double> from(k);
      double sum = 0;
      for (std::size_t c = 0; c < k; ++c) {
        from[c] = x[c] - s.mean[c];
        for (const std::uint32_t j : rated) from[c] -= s.weights[j * k + c] / 2;
      }
      for (std::size_t a = 0; a < k; ++a)
        for (std::size_t b = 0; b < k; ++b) sum -= from[a] * s.precision[a * k + b] * from[b] / 2;
      for (std::size_t e = 0; e < 4; ++e) {
        double f = x[3] + s.biases[rated[e]];
        for (std::size_t c = 0; c < 3; ++c) f += x[c] * s.factors[rated[e] * stride + c];
        const std::size_t j = static_cast<std::size_t>(values[e]) - 1;
        const auto& cuts = model.values().cuts;
        const double high = j == 4 ? 1 : normalBelow((cuts[j] - f) * std::sqrt(s.noise)),
                     low = j == 0 ? 0 : normalBelow((cuts[j - 1] - f) * std::sqrt(s.noise));
        sum += std::log(high - low);
      }
      return sum;
    };
    std::vector<double> x(k);
    for (std::size_t c = 0; c < 3; ++c) x[c] = posterior.latent[number * stride + c];
    x[3] = posterior.bias[number];
    for (std::size_t c = 0; c < k; ++c) {
      std::vector<double> up(x), down(x);
      up[c] += 1e-3;
      down[c] -= 1e-3;
      const double slope = (logPosterior(up) - logPosterior(down)) / 2e-3, curvature = s.precision[c * k + c];
      CHECK(std::fabs(slope) / curvature < 2e-3);  // how far the mode is, in units of centred and scaled ratings
    }
  }
}

TEST_CASE("training goes on with more users and items, and stops when it is cancelled") {
  const GaussianOptions options = optionsOf(4);
  ThreadTeam team(2);
  const GaussianPlan plan{5, 2, 1, {}};
  const GaussianTrained first = trainGaussian(drawnEntries(40, 20, 0.4, 1), options, plan, {}, nullptr, team);
  const GaussianTrained more = trainGaussian(drawnEntries(50, 26, 0.4, 1), options, plan, {}, first.state.get(), team);
  CHECK(more.state->sweeps == 14);
  CHECK(more.model->items() == 26);
  CHECK(more.state->sides[0].biases.size() == 50);
  CHECK_THROWS_AS(grown(*more.state, options, 40, 26), Error);
  const Cancelled cancelled(true);
  const Interruptible interruptible(cancelled);
  CHECK_THROWS_AS(trainGaussian(drawnEntries(40, 20, 0.4, 1), options, plan, {}, nullptr, team), Error);
}

}  // namespace
}  // namespace boltzkit::test
