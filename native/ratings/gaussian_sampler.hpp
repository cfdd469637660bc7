// The Gibbs sampler of the Gaussian rating machine (gaussian_state.hpp has its energy): a sweep draws
// the hyper-parameters and clamped weights of the users, all users, the same of the items, and the
// noise. Its cost is proportional to the entries. Same seed, same bits on any number of threads.
#pragma once
#include <memory>

#include "ratings/gaussian_side.hpp"

namespace boltzkit::ratings {

// Side features of users and items: row r of the entries has the features `columns` with their
// values. Null: none.
struct SideFeatures {
  std::shared_ptr<const RatedEntries> users, items;
};

class GaussianSampler {
 public:
  // `state` as a sampler left it, or empty for a new one.
  GaussianSampler(std::shared_ptr<const RatedEntries> entries, const GaussianOptions& options, SideFeatures features = {},
                  GaussianState state = {}, const GaussianKernels& kernels = gaussianKernels());
  GaussianSampler(const GaussianSampler&) = delete;
  GaussianSampler& operator=(const GaussianSampler&) = delete;

  // Throws Error{aborted} where the job is cancelled; the state is then of no use.
  void sweep(ThreadTeam& team);

  const GaussianState& state() const { return state_; }
  const GaussianOptions& options() const { return options_; }
  const GaussianSide& side(unsigned number) const { return number == 0 ? users_ : items_; }

 private:
  void drawCuts(std::uint64_t sweep, ThreadTeam& team);

  std::shared_ptr<const RatedEntries> entries_;
  GaussianOptions options_;
  SideFeatures features_;
  GaussianState state_;
  GaussianSide users_, items_;
};

}  // namespace boltzkit::ratings
