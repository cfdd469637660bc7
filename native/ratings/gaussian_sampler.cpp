#include "ratings/gaussian_sampler.hpp"

#include "ratings/gaussian_cuts.hpp"
#include "ratings/gaussian_draws.hpp"

namespace boltzkit::ratings {
namespace {

std::vector<ClampedLayer> layersOf(const EntryRows& own, const EntryRows& other, bool conditional, const RatedEntries* features) {
  std::vector<ClampedLayer> layers;
  if (conditional) layers.push_back({&own, &other, true});
  if (features) layers.push_back({&features->byUser(), &features->byItem(), false});
  return layers;
}

}  // namespace

GaussianSampler::GaussianSampler(std::shared_ptr<const RatedEntries> entries, const GaussianOptions& options, SideFeatures features,
                                 GaussianState state, const GaussianKernels& kernels)
    : entries_(std::move(entries)),
      options_(options),
      features_(std::move(features)),
      state_(std::move(state)),
      users_(0, entries_->byUser(), options,
             layersOf(entries_->byUser(), entries_->byItem(), options.usersConditional, features_.users.get()), state_.sides[0], kernels),
      items_(1, entries_->byItem(), options,
             layersOf(entries_->byItem(), entries_->byUser(), options.itemsConditional, features_.items.get()), state_.sides[1], kernels) {}

void GaussianSampler::sweep(ThreadTeam& team) {
  const std::uint64_t sweep = state_.sweeps;
  if (options_.ordinal) drawCuts(sweep, team);
  const CutScale scale{options_.values, state_.cuts, state_.noise};
  const CutScale* cuts = options_.ordinal ? &scale : nullptr;
  users_.drawPriors(sweep, team);
  users_.drawFactors(sweep, state_.sides[1], state_.noise, cuts, team);
  items_.drawPriors(sweep, team);
  const double squares = items_.drawFactors(sweep, state_.sides[0], state_.noise, cuts, team);
  if (!options_.ordinal) {
    Draws draws(gaussianStream(options_.seed, Drawn::noise, 0, sweep));
    const double shape = options_.noiseShape + static_cast<double>(entries_->entries()) / 2;
    state_.noise = draws.gamma(shape) / (options_.noiseRate + squares / 2);
  }
  ++state_.sweeps;
}

void GaussianSampler::drawCuts(std::uint64_t sweep, ThreadTeam& team) {
  state_.noise = options_.ordinalNoise;
  CutPoints points(options_, options_.values);
  if (state_.cuts.empty()) state_.cuts = points.halfWay();
  points.add(*entries_, state_, team);
  points.draw(state_.cuts, sweep);
}

}  // namespace boltzkit::ratings
