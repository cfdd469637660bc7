// How well the model's chains mix, from copies of them that are swept with the parameters held: series of energies (diagnostics.hpp), chains from
// data against chains from noise, and the singular values of the weights. Nothing here touches the random words or the chains of training.
#pragma once
#include "algorithms/diagnostics.hpp"
#include "algorithms/monitor_plan.hpp"
#include "algorithms/watched_rows.hpp"

namespace boltzkit {

class HealthCheck {
 public:
  // `rowWeights`: of the data, or empty.
  HealthCheck(Machine& machine, const LayerData& data, std::span<const double> rowWeights, std::size_t chains)
      : machine_(machine), data_(data), rowWeights_(rowWeights), chains_(chains) {}
  // `particles`: states drawn from the machine, or null.
  Health measure(const States* particles);

 private:
  Series energySeries(const States& particles);
  double freeEnergyDrift();
  std::vector<double> freeEnergiesLater(States& states, BlockGibbs& gibbs, std::uint32_t firstChain, std::uint64_t firstStep) const;

  Machine& machine_;
  const LayerData& data_;
  std::span<const double> rowWeights_;
  std::size_t chains_;
};

}  // namespace boltzkit
