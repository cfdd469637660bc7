#include "ratings/gaussian_training.hpp"

#include <cmath>
#include <string>

#include "core/progress.hpp"
#include "ratings/gaussian_cuts.hpp"
#include "ratings/gaussian_draws.hpp"

namespace boltzkit::ratings {
namespace {

// Scales of more values keep cut points half way between them: there are too few ratings for each.
constexpr std::size_t mostFittedValues = 64;

GaussianSample sampleOf(const GaussianState& state, bool conditional) {
  const GaussianSideState &users = state.sides[0], &items = state.sides[1];
  return {items.factors, items.biases, users.mean, users.precision, conditional ? users.layers.front().weights : std::vector<float>(),
          state.noise};
}

void checkLength(const char* name, std::size_t got, std::size_t expected) {
  if (got != expected)
    throw shapeError("`" + std::string(name) + "` of the state must have " + std::to_string(expected) + " numbers, got " +
                     std::to_string(got));
}

void growSide(GaussianSideState& side, const GaussianOptions& options, unsigned number, std::size_t rows, std::size_t others,
              bool conditional, const RatedEntries* features, std::uint64_t sweeps) {
  const std::size_t k = componentsOf(options), stride = factorStride(options.hidden), before = side.biases.size();
  checkLength("factors", side.factors.size(), before * stride);
  checkLength("mean", side.mean.size(), k);
  checkLength("precision", side.precision.size(), k * k);
  if (side.layers.size() != (conditional ? 1u : 0u) + (features ? 1u : 0u)) throw shapeError("the state has other clamped layers");
  if (features) checkLength("weights of features", side.layers.back().weights.size(), features->items() * k);
  for (const GaussianLayer& layer : side.layers) checkLength("layer precision", layer.precision.size(), k * k);
  if (before > rows) throw shapeError("the state has " + std::to_string(before) + " rows, more than " + std::to_string(rows));
  side.factors.resize(rows * stride, 0.0f);
  side.biases.resize(rows, 0.0f);
  for (std::size_t r = before; r < rows; ++r) {
    Draws draws(gaussianStream(options.seed, Drawn::start, number, sweeps), static_cast<std::uint32_t>(r));
    std::vector<double> x = side.mean;
    addNormal(draws, side.precision, 1, x);
    for (std::size_t c = 0; c < options.hidden; ++c) side.factors[r * stride + c] = static_cast<float>(x[c]);
    side.biases[r] = static_cast<float>(x[options.hidden]);
  }
  if (conditional) side.layers.front().weights.resize(others * k, 0.0f);
}

}  // namespace

GaussianState grown(const GaussianState& state, const GaussianOptions& options, std::size_t users, std::size_t items,
                    const SideFeatures& features) {
  GaussianState more = state;
  growSide(more.sides[0], options, 0, users, items, options.usersConditional, features.users.get(), state.sweeps);
  growSide(more.sides[1], options, 1, items, users, options.itemsConditional, features.items.get(), state.sweeps);
  return more;
}

GaussianTrained trainGaussian(std::shared_ptr<const RatedEntries> entries, const GaussianOptions& options, const GaussianPlan& plan,
                              const SideFeatures& features, const GaussianState* state, ThreadTeam& team) {
  GaussianSampler sampler(entries, options, features,
                          state ? grown(*state, options, entries->users(), entries->items(), features) : GaussianState{});
  const std::size_t all = plan.burnIn + plan.samples * plan.thin;
  CutPoints cuts(options, plan.values.empty() ? std::vector<double>{options.centre} : plan.values);
  std::vector<double> meanCuts(options.ordinal ? options.values.size() - 1 : 0, 0.0);
  const bool fits = plan.values.size() <= mostFittedValues;
  auto model = std::make_shared<GaussianModel>(entries->items(), options.hidden, plan.samples, options.usersConditional, options.centre,
                                               options.scale);
  for (std::size_t done = 0; done < all; ++done) {
    sampler.sweep(team);
    Interruptible::poll();
    Progress::report(static_cast<double>(done + 1), static_cast<double>(all));
    if (done < plan.burnIn || (done + 1 - plan.burnIn) % plan.thin != 0) continue;
    model->add(sampleOf(sampler.state(), options.usersConditional));
    for (std::size_t j = 0; j < meanCuts.size(); ++j) meanCuts[j] += sampler.state().cuts[j] / static_cast<double>(plan.samples);
    if (!plan.values.empty() && fits && !options.ordinal) cuts.add(*entries, sampler.state(), team);
  }
  if (options.ordinal) {
    model->setValues({options.values, meanCuts, 1 / std::sqrt(options.ordinalNoise)});
    model->setOrdinal();
  } else if (!plan.values.empty())
    model->setValues(cuts.fit(1 / std::sqrt(sampler.state().noise)));
  return {model, std::make_shared<GaussianState>(sampler.state())};
}

}  // namespace boltzkit::ratings
