// The metrics of an epoch, from a fixed subset of the rows: quantities that track the likelihood
// (pseudo-likelihood, free-energy gaps), and none that only seem to (reconstruction error). Their
// random words depend on the seed alone. So every epoch watches the same units of the same rows, and
// differences between epochs are those of the machine. Missing values are drawn first, given the
// known ones. Means over training rows use the row weights of training.
#pragma once
#include <optional>

#include "monitoring/watched_rows.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

struct Metrics {
  double pseudoLikelihood, freeEnergyGap, chainFreeEnergyGap, weightNorm;
  // The standard error of the pseudo-likelihood over rows, and what independent units reach for the
  // same units of the same rows.
  double pseudoLikelihoodError, baseline;
  // Over the same rows as the pseudo-likelihood; NaN if free energies are only bounds.
  double meanFreeEnergy, lowestFreeEnergy;
};

class Monitor {
 public:
  struct Settings {
    // Maximum number of rows of each data set (see watchedRows). With 0, all metrics except the
    // weight norm are NaN.
    std::size_t rows;
    std::size_t units;  // units per row in the pseudo-likelihood (see unitParts)
    // Gibbs sweeps that fill in missing values, and mean-field sweeps for bounds on free energies
    // without a closed form.
    std::uint64_t sweeps;
    // Layers that are conditions. With some there are no free energies, and the pseudo-likelihood is
    // that of the units of the other layers.
    std::vector<std::size_t> conditions = {};
  };
  // `rowWeights`: weights of the training rows, or empty. `independent`: unit parameters by layer
  // that fit the training rows (StartValues::fitted).
  Monitor(Machine& machine, const LayerData& training, const LayerData* validation, const Settings& settings,
          std::span<const double> rowWeights, const std::vector<std::vector<double>>& independent);
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
  void pseudoLikelihood(const Sample& sample, Metrics& metrics);
  double weightNorm() const;

  Machine& machine_;
  const std::vector<bool>& given_;
  bool closed_;  // true if free energies have a closed form
  Settings settings_;
  const std::vector<std::vector<double>>& independent_;
  Sample training_;
  std::optional<Sample> validation_;
};

}  // namespace boltzkit
