// Gibbs chains over all layers of a machine, and the phase that holds their states.
#pragma once
#include <map>
#include <string>

#include "learning/phases.hpp"

namespace boltzkit {

class ModelChains {
 public:
  // `sweeps`: number of sweeps between two changes of the weights. `given`: layers that keep their
  // states.
  ModelChains(Machine& machine, std::size_t chains, std::uint64_t sweeps, const std::vector<std::size_t>& given = {});

  // Draws every unit without a field. Count units take their totals from evenly spaced data rows;
  // `replicas` neighbouring chains share one row.
  void start(const LayerData& data, std::size_t replicas = 1);
  // Starts from these states; sets as many chains as they have rows. Skips layers that the first
  // sweep overwrites.
  void startAt(const States& states);
  // Runs `sweeps` sweeps. Draws the layers of the last block only if the chains continue from here
  // (`persist`). The statistics use the means of these layers given the last draw of all others.
  void run(std::uint64_t sweeps, bool persist);
  // Runs one sweep of chains that continue.
  void sweep(const Round& round) { sweepToMeans(gibbs_, phase_, round, 1, true); }
  // The states, named "chains/<layer>".
  std::map<std::string, Tensor*> tensors();
  Phase& phase() { return phase_; }
  const Phase& phase() const { return phase_; }

 private:
  Machine& machine_;
  BlockGibbs gibbs_;
  Phase phase_;
};

}  // namespace boltzkit
