// The sampler of the Gaussian rating machine draws from the distribution it claims to. Geweke, "Getting
// it right", JASA 99 (2004): parameters drawn from the prior, and parameters from a chain that draws
// ratings given parameters and parameters given ratings in turn, must have the same distribution.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "ratings/gaussian_sampler.hpp"

namespace boltzkit::test {
namespace {

using namespace boltzkit::ratings;
using Matrix = std::vector<double>;

constexpr std::size_t users = 9, items = 7, hidden = 2, k = hidden + 1, features = 3;

double normal(Dice& dice) { return std::sqrt(-2 * std::log(dice.uniform() + 0x1p-25)) * std::cos(2 * 3.14159265358979 * dice.uniform()); }

// Chi-square of a whole number of degrees of freedom.
double chiSquare(Dice& dice, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += std::pow(normal(dice), 2);
  return sum;
}

// Wishart(I / scale, n): a sum of n outer products.
Matrix wishartOf(Dice& dice, double scale, int n) {
  Matrix w(k * k, 0.0);
  for (int i = 0; i < n; ++i) {
    double z[k];
    for (double& each : z) each = normal(dice) / std::sqrt(scale);
    for (std::size_t a = 0; a < k; ++a)
      for (std::size_t b = 0; b < k; ++b) w[a * k + b] += z[a] * z[b];
  }
  return w;
}

// A draw from N(0, (factor * precision)^-1) by Cholesky, in plain loops.
std::vector<double> normalOf(Dice& dice, const Matrix& precision, double factor) {
  Matrix l(k * k, 0.0);
  for (std::size_t j = 0; j < k; ++j)
    for (std::size_t i = j; i < k; ++i) {
      double sum = factor * precision[i * k + j];
      for (std::size_t m = 0; m < j; ++m) sum -= l[i * k + m] * l[j * k + m];
      l[i * k + j] = i == j ? std::sqrt(sum) : sum / l[j * k + j];
    }
  std::vector<double> x(k);
  for (std::size_t i = k; i-- > 0;) {
    x[i] = normal(dice);
    for (std::size_t j = i + 1; j < k; ++j) x[i] -= l[j * k + i] * x[j];
    x[i] /= l[i * k + i];
  }
  return x;
}

struct World {
  GaussianOptions options;
  std::vector<std::uint32_t> user, item;
  std::shared_ptr<RatedEntries> userFeatures;

  explicit World(bool ordinal) {
    options.ordinal = ordinal;
    if (ordinal) options.values = {1, 2, 3, 4};
    options.cutSpread = 0.6;
    options.centre = ordinal ? 2.5 : 0;
    options.hidden = hidden;
    options.priorScale = 20;
    options.priorFreedom = 7;
    options.weightsScale = 12;
    options.weightsFreedom = 9;
    options.freedomShare = 1e6;
    options.meanWeight = 2;
    options.noiseShape = 6;
    options.noiseRate = 3;
    Dice dice(5);
    for (std::uint32_t u = 0; u < users; ++u)
      for (std::uint32_t i = 0; i < items; ++i)
        if (u != 4 && i != 2 && dice.uniform() < 0.5) {  // user 4 and item 2 have no ratings
          user.push_back(u);
          item.push_back(i);
        }
    userFeatures = std::make_shared<RatedEntries>(users, features);
    const std::vector<std::uint32_t> row{0, 1, 2, 4, 4, 7}, column{0, 1, 0, 1, 2, 2};
    const std::vector<float> value{1, 0.5f, 1, -1, 0.5f, 1};
    userFeatures->append(row, column, value);
    userFeatures->finish();
  }

  std::shared_ptr<RatedEntries> entries(const std::vector<float>& values) const {
    auto made = std::make_shared<RatedEntries>(users, items);
    made->append(user, item, values);
    made->finish();
    return made;
  }

  // Draws everything from the prior.
  GaussianState prior(Dice& dice) const {
    GaussianState state;
    state.noise = chiSquare(dice, static_cast<int>(2 * options.noiseShape)) / 2 / options.noiseRate;
    if (options.ordinal) {
      state.noise = options.ordinalNoise;
      do {
        state.cuts.clear();
        for (const double middle : {-1.0, 0.0, 1.0}) state.cuts.push_back(middle + options.cutSpread * normal(dice));
      } while (!(state.cuts[0] < state.cuts[1] && state.cuts[1] < state.cuts[2]));
    }
    const auto any = entries(std::vector<float>(user.size(), 1.0f));
    for (unsigned s = 0; s < 2; ++s) {
      GaussianSideState& side = state.sides[s];
      const EntryRows& rows = s == 0 ? any->byUser() : any->byItem();
      const EntryRows& units = s == 0 ? any->byItem() : any->byUser();
      side.precision = wishartOf(dice, options.priorScale, static_cast<int>(k + options.priorFreedom));
      side.mean = normalOf(dice, side.precision, options.meanWeight);
      for (std::size_t l = 0; l < (s == 0 ? 2u : 1u); ++l) {
        GaussianLayer layer{{}, wishartOf(dice, options.weightsScale, static_cast<int>(k + options.weightsFreedom))};
        for (std::size_t j = 0; j < (l == 0 ? units.rows() : features); ++j)
          for (const double w : normalOf(dice, layer.precision, 1)) layer.weights.push_back(static_cast<float>(w));
        side.layers.push_back(layer);
      }
      side.factors.assign(rows.rows() * factorStride(hidden), 0.0f);
      for (std::size_t r = 0; r < rows.rows(); ++r) {
        std::vector<double> x = normalOf(dice, side.precision, 1);
        for (std::size_t c = 0; c < k; ++c) {
          x[c] += side.mean[c];
          for (const std::uint32_t j : rows.row(r).columns)
            x[c] += side.layers[0].weights[j * k + c] / std::sqrt(static_cast<double>(rows.size(r)));
          if (s == 0)
            for (std::size_t e = 0; e < userFeatures->byUser().size(r); ++e)
              x[c] += side.layers[1].weights[userFeatures->byUser().row(r).columns[e] * k + c] * userFeatures->byUser().row(r).value(e);
          if (c < hidden) side.factors[r * factorStride(hidden) + c] = static_cast<float>(x[c]);
        }
        side.biases.push_back(static_cast<float>(x[hidden]));
      }
    }
    return state;
  }

  std::vector<float> ratings(const GaussianState& state, Dice& dice) const {
    std::vector<float> values;
    for (std::size_t e = 0; e < user.size(); ++e) {
      double v = state.sides[0].biases[user[e]] + state.sides[1].biases[item[e]] + normal(dice) / std::sqrt(state.noise);
      for (std::size_t c = 0; c < hidden; ++c)
        v += static_cast<double>(state.sides[0].factors[user[e] * factorStride(hidden) + c]) *
             state.sides[1].factors[item[e] * factorStride(hidden) + c];
      if (options.ordinal) v = 1.0 + (v > state.cuts[0]) + (v > state.cuts[1]) + (v > state.cuts[2]);
      values.push_back(static_cast<float>(v));
    }
    return values;
  }
};

// What is compared: moments of all kinds of parameters. Logarithms where tails are heavy.
std::vector<double> momentsOf(const GaussianState& state) {
  std::vector<double> f{state.cuts};
  if (f.empty()) f.push_back(std::log(state.noise));
  for (const GaussianSideState& side : state.sides) {
    double trace = 0, squares = 0, biases = 0, cross = 0;
    for (std::size_t c = 0; c < k; ++c) trace += std::log(side.precision[c * k + c]);
    for (const float x : side.factors) squares += x * x;
    for (const float b : side.biases) biases += b * b;
    for (std::size_t r = 0; r < side.biases.size(); ++r) cross += side.biases[r] * side.factors[r * factorStride(hidden)];
    f.insert(f.end(),
             {trace, std::log(squares), std::log(biases), std::tanh(cross), std::tanh(side.mean[0]), std::tanh(side.mean[hidden])});
    f.push_back(std::tanh(2 * side.precision[1] / side.precision[0]));
    for (const GaussianLayer& layer : side.layers) {
      double weights = 0, traced = 0;
      for (const float w : layer.weights) weights += w * w;
      for (std::size_t c = 0; c < k; ++c) traced += std::log(layer.precision[c * k + c]);
      f.insert(f.end(), {std::log(weights), traced, std::tanh(layer.weights[0] * layer.weights[1] * 10)});
    }
  }
  return f;
}

// Means and their standard errors; a chain's from the means of batches.
struct Means {
  std::vector<double> mean, error;
};
Means meansOf(const std::vector<std::vector<double>>& rows, std::size_t batches) {
  const std::size_t n = rows.front().size(), length = rows.size() / batches;
  Means m{std::vector<double>(n, 0.0), std::vector<double>(n, 0.0)};
  std::vector<double> squares(n, 0.0);
  for (std::size_t b = 0; b < batches; ++b)
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t t = 0; t < length; ++t) sum += rows[b * length + t][i];
      m.mean[i] += sum / static_cast<double>(length * batches);
      squares[i] += std::pow(sum / static_cast<double>(length), 2) / static_cast<double>(batches);
    }
  for (std::size_t i = 0; i < n; ++i)
    m.error[i] = std::sqrt(std::max(0.0, squares[i] - m.mean[i] * m.mean[i]) / static_cast<double>(batches - 1));
  return m;
}

// Some 25 numbers are compared. With a threshold of 4.5 standard errors (and errors from 40 batches, about
// t of 39 degrees of freedom) a right sampler fails once in some 600 seeds; the seed is fixed.
void geweke(bool ordinal) {
  const World world(ordinal);
  // Batches must be longer than the chain remembers, for which sanitizers are too slow: they run it
  // and look at memory alone.
  const std::size_t steps = sanitized ? 400 : 40000, batches = 40;
  std::vector<std::vector<double>> prior, chain;
  Dice dice(11);
  for (std::size_t t = 0; t < steps; ++t) prior.push_back(momentsOf(world.prior(dice)));
  GaussianState state = world.prior(dice);
  ThreadTeam team(1);
  for (std::size_t t = 0; t < steps; ++t) {
    const auto entries = world.entries(world.ratings(state, dice));
    GaussianSampler sampler(entries, world.options, {world.userFeatures, nullptr}, state);
    sampler.sweep(team);
    state = sampler.state();
    chain.push_back(momentsOf(state));
  }
  if (sanitized) return;
  const Means a = meansOf(prior, batches), b = meansOf(chain, batches);
  for (std::size_t i = 0; i < a.mean.size(); ++i) {
    const double z = (a.mean[i] - b.mean[i]) / std::hypot(a.error[i], b.error[i]);
    INFO("number ", i, ": prior ", a.mean[i], ", chain ", b.mean[i], ", z ", z);
    CHECK(std::fabs(z) < 4.5);
  }
}

TEST_CASE("the sampler of the Gaussian rating machine passes Geweke's test") { geweke(false); }

TEST_CASE("the sampler of ordinal visibles passes Geweke's test") { geweke(true); }

}  // namespace
}  // namespace boltzkit::test
