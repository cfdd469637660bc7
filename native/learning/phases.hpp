// A phase of the gradient, and the positive phase, from data.
#pragma once
#include <optional>
#include <vector>

#include "sampling/completion.hpp"

namespace boltzkit {

// The states of a phase, with the conditional means of those layers that have them. The gradient's
// statistics come from these.
struct Phase {
  Phase(const Machine& machine, std::size_t rows, const std::vector<bool>& withMeans, const BlockGibbs& gibbs);
  void setRows(std::size_t n);

  States states;
  std::vector<TensorPtr> means;  // null: use the states
  // The fields that gave the means, for types whose statistics are not linear; else null.
  std::vector<const Tensor*> fields;
};

class PositivePhase {
 public:
  // Completes rows by `sweeps` Gibbs sweeps over missing values and layers without data, if these
  // are coupled to each other, so that their joint posterior has no closed form (Ackley, Hinton &
  // Sejnowski 1985). Otherwise their means are exact at once. Statistics are those of the completed
  // rows: d log p(observed) / d theta is the posterior mean of d log p(observed, missing) / d theta
  // (Little & Rubin 2019, chapter 8).
  //
  // `meanField` replaces such a posterior by the nearest product of independent units, found by as
  // many mean-field sweeps (Salakhutdinov & Hinton, AISTATS 2009, section 3.1). Training then
  // maximises the bound on log p(v) instead of log p(v).
  //
  // `draw`: see Completion.
  PositivePhase(Machine& machine, const LayerData& data, std::size_t batchSize, std::uint64_t sweeps, bool meanField, bool draw);

  // Loads and completes the rows and computes the means of the other layers. With `sample` also
  // draws those layers, for a negative phase that starts here.
  void run(const Batch& batch, bool sample);
  Phase& phase() { return phase_; }

 private:
  void factorise(Round round, bool sample);

  Machine& machine_;
  const LayerData& data_;
  Completion completion_;
  bool meanField_;
  std::uint64_t sweeps_;
  Phase phase_;
  std::optional<States> fields_;  // of the mean-field posterior
};

// The layers of the last block of free layers, without those with lateral couplings. Their means
// given all other layers are available after a sweep.
std::vector<bool> lastBlock(const Machine& machine, const std::vector<bool>& clamped);

// Runs `sweeps` sweeps. The last one writes means for the layers that have a buffer for them in
// `phase`. It samples those layers only if the chains continue from here (`persist`).
void sweepToMeans(BlockGibbs& gibbs, Phase& phase, Round round, std::uint64_t sweeps, bool persist);

// True if the statistics of a layer's units are linear in their states, so that means can replace
// the states.
bool linear(const Machine& machine, std::size_t layer);

}  // namespace boltzkit
