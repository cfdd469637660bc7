// One update of a model: estimates a gradient from a minibatch and takes a step. The trainer
// handles rows, epochs, roll-backs and checkpoints.
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

// Thrown for an update that would make parameters invalid.
struct StepRefused : Error {
  StepRefused(std::uint64_t completeSteps, const std::string& message) : Error(ErrorCode::divergence, message), complete(completeSteps) {}
  std::uint64_t complete;  // updates of the run that were completed before it
};

// An update with at most this many sweeps cannot be interrupted, so it saves no state to undo it.
inline constexpr std::uint64_t sweepsAnyoneWaitsFor = 64;

class Update {
 public:
  virtual ~Update() = default;

  virtual Backend& backend() = 0;
  // The model's source of random words. The trainer also uses it for the order of the rows.
  virtual RandomSteps& random() = 0;
  virtual std::size_t rows() const = 0;
  // All parameters, in a fixed order.
  virtual std::vector<NamedTensor> parameters() = 0;
  virtual bool frozen(std::size_t parameter) const = 0;

  // Called before each part of a run. Only the first call of a run sets start values.
  virtual void prepare(const Cancelled& cancelled) = 0;
  virtual bool prepared() const = 0;
  // True if an update may take so long that a job should be able to stop within one.
  virtual bool takesLong() const = 0;
  // Takes one step from these rows; `step` counts from 0. Throws StepRefused, on some devices some
  // updates late. The parameters are then those of the last complete update.
  virtual void take(const Batch& batch, std::uint64_t step) = 0;
  // Final checks of the parameters, after update number `step` (from 1) or after a roll-back to it.
  // Throws StepRefused or another Error{divergence}.
  virtual void check(std::uint64_t step, bool endOfEpoch) = 0;
  // Checks a complete update. Throws Error{divergence}.
  virtual void watch(std::uint64_t step, bool last) = 0;
  // Fills in what the model tells, its rate and its warnings. `report.epoch` and `report.step` must
  // be set.
  virtual void measure(EpochReport& report) = 0;
  // Advice for a run that diverged: empty, or text to append to an error message.
  virtual std::string remedy() const = 0;
  // Sets the factor of all learning rates of the run.
  virtual void setRateFactor(double factor) = 0;

  // The tensors that a run keeps besides the parameters. Their values are current after `settle`.
  virtual std::vector<SavedTensor> tensors() = 0;
  virtual void settle() = 0;
  // If the number of tensors changes during a run: creates those that a state with these names has.
  virtual void makeRoomFor(const std::vector<std::string>& names) = 0;
  // Call after the tensors have been given other values.
  virtual void restored() = 0;
  // Number of updates over all runs (Adam's t).
  virtual std::uint64_t updates() const = 0;
  virtual void setUpdates(std::uint64_t n) = 0;
  // True if the state's optimiser is of this run's kind.
  virtual bool sameOptimiser(const TrainerState& state) const = 0;
  // Loads the rest of a state, after its tensors have been restored.
  virtual void load(const TrainerState& state, bool resume) = 0;
};

}  // namespace boltzkit
