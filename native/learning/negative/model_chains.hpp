// Chains over all layers of a machine, and the phase they make.
#pragma once
#include <map>
#include <string>

#include "learning/phases.hpp"

namespace boltzkit {

class ModelChains {
 public:
  // `sweeps` that run between two changes of the weights.
  ModelChains(Machine& machine, std::size_t chains, std::uint64_t sweeps);

  // Every unit drawn without any field; counts take their totals from evenly spaced data rows, `replicas` neighbouring chains from the same one.
  void start(const LayerData& data, std::size_t replicas = 1);
  // From these states, as many rows as chains; those that a sweep overwrites are left out.
  void startAt(const States& states);
  // k sweeps. The layers of the last block are drawn only if the chains go on from here (`persist`); their means, given the last draw of
  // all others, take their place in the statistics.
  void run(std::uint64_t sweeps, bool persist);
  // One sweep of chains that go on.
  void sweep(const Round& round) { sweepToMeans(gibbs_, phase_, round, 1, true); }
  // The states, "chains/<layer>".
  std::map<std::string, Tensor*> tensors();
  Phase& phase() { return phase_; }
  const Phase& phase() const { return phase_; }

 private:
  Machine& machine_;
  BlockGibbs gibbs_;
  Phase phase_;
};

}  // namespace boltzkit
