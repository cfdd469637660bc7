// Cut points between the values of a scale, fitted to latent values of training entries.
//
// P(at most value j | f) = Phi(gamma_j - a f): ordered probit with one covariate, by maximum
// likelihood (McCullagh 1980). f are draws of the sampler and no fitted means, so entries that the
// model was trained on do not look surer than new ones.
#pragma once
#include <cstdint>
#include <vector>

#include "core/thread_team.hpp"
#include "ratings/gaussian_model.hpp"
#include "ratings/gaussian_state.hpp"
#include "ratings/rated_entries.hpp"

namespace boltzkit::ratings {

class CutPoints {
 public:
  // `values`: of the scale, rising.
  CutPoints(const GaussianOptions& options, std::vector<double> values);

  // Counts the latent values of all entries in this state.
  void add(const RatedEntries& entries, const GaussianState& state, ThreadTeam& team);
  void clear();
  // One Metropolis step for each cut point of ordinal visibles, with the latent values integrated out
  // (Cowles 1996); the counts are of the state that the cuts belong to.
  void draw(std::vector<double>& cuts, std::uint64_t sweep) const;
  // Cuts half way between the values.
  std::vector<double> halfWay() const;
  // What the counts so far say. Cuts half way between values, and `spread`, where there are no counts.
  ValueScale fit(double spread) const;

 private:
  std::size_t bins() const { return counts_.size() / values_.size(); }
  // The log-likelihood of the counts of values `from` and `from` + 1.
  double likelihood(const std::vector<double>& cuts, std::size_t from) const;
  double middle(std::size_t bin) const { return low_ + (static_cast<double>(bin) + 0.5) * width_; }

  const GaussianOptions options_;
  const std::vector<double> values_;
  double low_, width_;
  std::vector<double> counts_;  // [bins, values], whole numbers
};

}  // namespace boltzkit::ratings
