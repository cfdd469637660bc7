// What one update does to a model: it estimates a gradient from a minibatch and takes a step. Rows, epochs, roll-backs and checkpoints are the trainer's.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/interrupt.hpp"
#include "core/random_steps.hpp"
#include "learning/epoch_report.hpp"
#include "learning/saved_tensor.hpp"
#include "learning/training_state.hpp"

namespace boltzkit {

// An update that would have left parameters without meaning.
struct StepRefused : Error {
  StepRefused(std::uint64_t completeSteps, const std::string& message) : Error(ErrorCode::divergence, message), complete(completeSteps) {}
  std::uint64_t complete;  // updates of the run before it
};

class Update {
 public:
  virtual ~Update() = default;

  virtual Backend& backend() = 0;
  // Random words of the model. The trainer takes the order of the rows from them.
  virtual RandomSteps& random() = 0;
  virtual std::size_t rows() const = 0;
  // All parameters, in a fixed order. An update that freezes some says so.
  virtual std::vector<NamedTensor> parameters() = 0;
  virtual bool frozen(std::size_t parameter) const = 0;

  // Called before each stretch of a run. Only the first call of a run sets start values.
  virtual void prepare(const Cancelled& cancelled) = 0;
  virtual bool prepared() const = 0;
  // Whether an update may take so long that a job ends within one.
  virtual bool takesLong() const = 0;
  // One step from these rows; `step` counts from 0. Throws StepRefused, on some devices some updates late; the parameters are then those of the last
  // complete update.
  virtual void take(const Batch& batch, std::uint64_t step) = 0;
  // Last checks of parameters, after update number `step` (from 1) or a roll-back to it. Throws StepRefused or another Error{divergence}.
  virtual void check(std::uint64_t step, bool endOfEpoch) = 0;
  // Checks of a complete update. Throws Error{divergence}.
  virtual void watch(std::uint64_t step, bool last) = 0;
  // Metrics, health and warnings. `report.epoch` and `report.step` are set.
  virtual void measure(EpochReport& report) = 0;
  // What to do when a run diverges; empty or a sentence that goes on from an error.
  virtual std::string remedy() const = 0;
  // Multiplies all learning rates of the run.
  virtual void setRateFactor(double factor) = 0;

  // What a run keeps besides the parameters. The values are current after `settle`.
  virtual std::vector<SavedTensor> tensors() = 0;
  virtual void settle() = 0;
  // Where the number of tensors changes during a run: makes those that a state of these names has.
  virtual void makeRoomFor(const std::vector<std::string>& names) = 0;
  // The tensors hold other values now.
  virtual void restored() = 0;
  // All updates over all runs (Adam's t).
  virtual std::uint64_t updates() const = 0;
  virtual void setUpdates(std::uint64_t n) = 0;
  // Whether the optimiser of a state is of this run's kind.
  virtual bool sameOptimiser(const TrainerState& state) const = 0;
  // Takes what else a state says, once its tensors are in place.
  virtual void load(const TrainerState& state, bool resume) = 0;
};

}  // namespace boltzkit
