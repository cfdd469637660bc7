// The metrics of an epoch, from a fixed subset of the rows: quantities that track the likelihood
// (pseudo-likelihood, free-energy gaps), and none that only seem to (reconstruction error). They do
// not change the random words of training. Missing values are drawn first, given the known ones.
// Means over training rows use the row weights of training.
#pragma once
#include <optional>

#include "monitoring/watched_rows.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

struct Metrics {
  double pseudoLikelihood, freeEnergyGap, chainFreeEnergyGap, weightNorm;
  // Over the same rows as the pseudo-likelihood; NaN if free energies are only bounds.
  double meanFreeEnergy, lowestFreeEnergy;
};

class Monitor {
 public:
  // Watches at most `rows` rows of each data set (see watchedRows). With 0, all metrics except the
  // weight norm are NaN. `sweeps`: Gibbs sweeps that fill in missing values, and mean-field sweeps
  // for bounds on free energies without a closed form. `rowWeights`: weights of the training rows,
  // or empty.
  Monitor(Machine& machine, const LayerData& training, const LayerData* validation, std::size_t rows, std::uint64_t sweeps,
          std::span<const double> rowWeights);
  // `chains`: states drawn from the machine, or null.
  Metrics measure(const States* chains);

 private:
  struct Sample {
    const LayerData& data;
    WatchedRows watched;
  };
  template <class Body>
  void forEachChunkOf(const Sample& sample, Body body);
  std::vector<double> freeEnergiesOf(const Sample& sample);
  double meanFreeEnergy(const States& chains);
  void freeEnergiesInto(States& states, std::span<double> out);
  double pseudoLikelihood(const Sample& sample);
  double weightNorm() const;

  Machine& machine_;
  const std::vector<bool>& given_;
  bool closed_;  // true if free energies have a closed form
  std::uint64_t sweeps_;
  Sample training_;
  std::optional<Sample> validation_;
};

}  // namespace boltzkit
