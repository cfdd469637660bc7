// A training run: the loop over epochs and rows around an update, with reports, averages,
// checkpoints and roll-backs.
#pragma once
#include <functional>
#include <memory>

#include "core/interrupt.hpp"
#include "learning/run_options.hpp"
#include "learning/update.hpp"

namespace boltzkit {

class Trainer {
 public:
  // Continues from `state`. With `resume` continues the interrupted run itself. Otherwise starts a
  // new run that keeps the optimiser's state and the chains where their shapes fit.
  Trainer(std::unique_ptr<Update> update, const RunOptions& options, const TrainerState* state, bool resume);
  ~Trainer();

  std::uint64_t totalSteps() const;  // of this run
  std::uint64_t stepsPerEpoch() const;
  std::uint64_t step() const;  // updates completed in this run

  // Trains until `untilStep` updates of this run are complete, or all. Calls `onEpoch` after every
  // epoch and `onStep` after every update, both on the calling thread. Throws Error{aborted} when
  // cancelled: between updates, or within an update of many sweeps, which is then undone. Throws
  // Error{divergence} if a parameter would become infinite or couplings explode. Both leave the
  // model at its last complete update.
  //
  // With onDivergence the run instead returns to its last good state, at most `retries` times, and
  // repeats the updates since then with other random words. If that does not help, the error leaves
  // the model in that state.
  void run(std::uint64_t untilStep, const Cancelled& cancelled, const std::function<void(const EpochReport&)>& onEpoch,
           const std::function<void(std::uint64_t step)>& onStep);

  TrainerState state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace boltzkit
