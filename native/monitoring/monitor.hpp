// The metrics of an epoch, from a fixed subset of the rows: quantities that track the likelihood
// (pseudo-likelihood, free-energy gaps) and not those that only look like it (reconstruction
// error). None of them touches the random words of training. Rows that lack values are completed
// first, by a draw of what is missing given what is there. Means of training rows are weighted as
// training is.
#pragma once
#include <optional>

#include "monitoring/watched_rows.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

struct Metrics {
  double pseudoLikelihood, freeEnergyGap, chainFreeEnergyGap, weightNorm;
  // Of the rows behind the pseudo-likelihood; NaN where free energies are bounds.
  double meanFreeEnergy, lowestFreeEnergy;
};

class Monitor {
 public:
  // Watches at most `rows` rows of each data set (watchedRows); 0 turns everything but the weight
  // norm off (NaN). Missing values are filled in by `sweeps` Gibbs sweeps; free energies that have
  // no closed form are bounds after as many mean-field sweeps. `rowWeights`: of training rows, or
  // empty.
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
  bool closed_;  // whether free energies have a closed form
  std::uint64_t sweeps_;
  Sample training_;
  std::optional<Sample> validation_;
};

}  // namespace boltzkit
