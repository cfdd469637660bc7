// How well the model's chains mix, from copies of them that are swept with the parameters held: series of energies (diagnostics.hpp), chains from
// data against chains from noise, and the singular values of the weights. Nothing here touches the random words or the chains of training.
#pragma once
#include "algorithms/diagnostics.hpp"
#include "algorithms/monitor_plan.hpp"

namespace boltzkit {

class HealthCheck {
 public:
  HealthCheck(Machine& machine, const LayerData& data, std::size_t chains) : machine_(machine), data_(data), chains_(chains) {}
  // `particles`: states drawn from the machine, or null.
  Health measure(const States* particles);

 private:
  Series energySeries(const States& particles);
  double freeEnergyDrift();
  double meanFreeEnergy(States& states, BlockGibbs& gibbs, std::uint32_t firstChain, std::uint64_t firstStep) const;
  std::vector<std::uint32_t> evenlySpaced(std::size_t rows, std::size_t count) const;

  Machine& machine_;
  const LayerData& data_;
  std::size_t chains_;
};

}  // namespace boltzkit
