// Trains a Gaussian rating machine: sweeps, kept samples, cut points.
#pragma once
#include <memory>

#include "core/interrupt.hpp"
#include "ratings/gaussian_model.hpp"
#include "ratings/gaussian_sampler.hpp"

namespace boltzkit::ratings {

struct GaussianPlan {
  std::size_t burnIn = 50, samples = 30, thin = 4;  // sweeps before the first sample, samples, sweeps for each
  std::vector<double> values;                       // of the scale, rising; empty: predictions have no probabilities
};

struct GaussianTrained {
  std::shared_ptr<const GaussianModel> model;
  std::shared_ptr<const GaussianState> state;  // after the last sweep, to go on from
};

// `state` as an earlier training left it, or null. It may have fewer users and items: new ones start
// from the prior.
GaussianTrained trainGaussian(std::shared_ptr<const RatedEntries> entries, const GaussianOptions& options, const GaussianPlan& plan,
                              const SideFeatures& features, const GaussianState* state, ThreadTeam& team);

// A state for more users and items. Throws Error{shape} where there would be fewer, or other layers.
GaussianState grown(const GaussianState& state, const GaussianOptions& options, std::size_t users, std::size_t items,
                    const SideFeatures& features = {});

}  // namespace boltzkit::ratings
