// The tensors that make up the state of a training run, by name: which of them hold something yet, and how they are taken out and put back.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "algorithms/explosion_guard.hpp"
#include "algorithms/negative/negative_phase.hpp"
#include "algorithms/parameter_steps.hpp"
#include "algorithms/scales.hpp"
#include "algorithms/trainer.hpp"

namespace boltzkit {

// Tensors are fresh until an earlier run has left something in them or this one is prepared.
class RunTensors {
 public:
  struct Parts {
    ParameterSteps& steps;
    NegativePhase& negative;
    ExplosionGuard& explosion;
    Scales* scales;                          // null unless standardised
    const std::vector<TensorPtr>& offsets;   // by layer; part of the state where the gradient is centred
    const std::vector<TensorPtr>& seen;      // by layer; how many values the offsets of data stand for, part of the state as they are
    const std::vector<TensorPtr>& activity;  // by layer; null without a sparsity target
  };
  RunTensors(Machine& machine, const TrainerOptions& options, const Parts& parts);

  // All of them. What the negative phase keeps elsewhere is in them only after `settled`.
  std::map<std::string, Tensor*> all() const;
  // The same, to be read.
  std::map<std::string, Tensor*> settled() const;

  bool freshChains() const { return freshChains_; }
  bool freshActivity() const { return freshActivity_; }
  bool freshVariances() const { return freshVariances_; }
  bool freshOffset(std::size_t layer) const { return freshOffsets_[layer]; }

  // Before a run is prepared, fresh tensors hold nothing yet and are left out: they would be taken for chains (offsets, activities) that had begun.
  // Nor is what a failed update has left infinite: chains, say, begin afresh then.
  void save(TrainerState& state, bool prepared) const;
  // Those of an interrupted run with `resume`, otherwise what a new run can use of an earlier one.
  void restore(const TrainerState& state, bool resume);

 private:
  bool blank(const std::string& name, bool ofChains) const;
  void countSeen(const TrainerState& state);
  void markRestored(const std::string& name);

  Machine& machine_;
  const TrainerOptions& options_;
  Parts parts_;
  bool freshChains_ = true, freshActivity_ = true, freshVariances_ = true;
  std::vector<bool> freshOffsets_;
};

}  // namespace boltzkit
