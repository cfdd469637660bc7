// What a phase of the gradient consists of, and the positive one, from data.
#pragma once
#include <optional>
#include <vector>

#include "sampling/completion.hpp"

namespace boltzkit {

// States of a phase with the conditional means of those layers that have them: what the gradient's statistics are taken from.
struct Phase {
  Phase(const Machine& machine, std::size_t rows, const std::vector<bool>& withMeans, const BlockGibbs& gibbs);
  void setRows(std::size_t n);

  States states;
  std::vector<TensorPtr> means;       // null where the states themselves count
  std::vector<const Tensor*> fields;  // behind the means, for types whose statistics are not linear; else null
};

class PositivePhase {
 public:
  // `sweeps` Gibbs sweeps over the layers without data and over missing values where their joint posterior has no closed form (they are
  // coupled to each other; Ackley, Hinton & Sejnowski 1985); otherwise their means are exact at once. Statistics are those of the filled-in
  // rows: d log p(observed) / d theta is the posterior mean of d log p(observed, missing) / d theta (Little & Rubin 2019, chapter 8).
  // With `meanField` such a posterior is replaced by the product of independent units nearest to it, found by as many sweeps of mean-field
  // updates (Salakhutdinov & Hinton, AISTATS 2009, section 3.1): the bound on log p(v) is climbed in place of log p(v).
  // `draw`: see Completion.
  PositivePhase(Machine& machine, const LayerData& data, std::size_t batchSize, std::uint64_t sweeps, bool meanField, bool draw);

  // Loads and completes the rows and takes the means of the other layers; samples them too when the negative phase starts here.
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

// Layers of the last block of free layers that are not coupled to themselves: their means given all other layers are at hand.
std::vector<bool> lastBlock(const Machine& machine, const std::vector<bool>& clamped);

// Sweeps whose last one leaves means where the phase has room for them; samples of those layers only if the chains go on from here.
void sweepToMeans(BlockGibbs& gibbs, Phase& phase, Round round, std::uint64_t sweeps, bool persist);

// Whether the statistics of a layer's units are linear in their states, so that means can take their place.
bool linear(const Machine& machine, std::size_t layer);

}  // namespace boltzkit
