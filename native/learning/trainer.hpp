// A training run: the loop over rows and epochs around an update, with reports, averages, checkpoints and roll-backs.
#pragma once
#include <functional>
#include <memory>

#include "core/interrupt.hpp"
#include "learning/training_options.hpp"
#include "learning/update.hpp"

namespace boltzkit {

class Trainer {
 public:
  // `state` continues where it stood: with `resume` in the middle of its run, otherwise as a new run that keeps optimiser and chains where their shapes
  // still fit.
  Trainer(std::unique_ptr<Update> update, const TrainerOptions& options, const TrainerState* state, bool resume);
  ~Trainer();

  std::uint64_t totalSteps() const;  // of this run
  std::uint64_t stepsPerEpoch() const;
  std::uint64_t step() const;  // updates completed, in this run

  // Trains until `untilStep` updates of this run are complete (or all). Calls `onEpoch` after every epoch, on the calling thread, and
  // `onStep` after every update. Throws Error{aborted} between updates when cancelled and Error{divergence} when a
  // parameter would stop being finite or couplings explode; both leave the model at its last complete update. With onDivergence the run
  // goes back to its last good state in place of the latter, at most `retries` times, and repeats the updates since then with other random
  // words; when that does not help the error leaves the model in that state.
  void run(std::uint64_t untilStep, const Cancelled& cancelled, const std::function<void(const EpochReport&)>& onEpoch,
           const std::function<void(std::uint64_t step)>& onStep);

  TrainerState state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace boltzkit
