// How well the model's chains mix, from copies of them swept with fixed parameters: series of
// energies (diagnostics.hpp), chains from data against chains from noise, and the singular values
// of the weights. Changes neither the random words nor the chains of training.
#pragma once
#include "monitoring/diagnostics.hpp"
#include "monitoring/watched_rows.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

// Values that do not exist are NaN.
struct Health {
  double autocorrelationTime;  // of the chains' energies, in sweeps
  double effectiveSampleSize, splitRhat;
  // Mean free energy of chains from noise minus that of chains from data, after a few sweeps.
  double freeEnergyDrift;
  std::vector<double> singularValues;
  std::string sentence;  // empty unless the chains are out of equilibrium
};

// Sweeps of the copied chains, and of the chains that start from data and from noise.
inline constexpr std::uint64_t watchedSweeps = 40, startSweeps = 10;

class HealthCheck {
 public:
  // `rowWeights`: weights of the data rows, or empty.
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
