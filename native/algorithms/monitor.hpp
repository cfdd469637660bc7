// The metrics of an epoch, from a fixed subset of the rows: quantities that track the likelihood (pseudo-likelihood, free-energy gaps)
// and not those that only look like it (reconstruction error). None of them touches the random words of training. Rows that lack values are
// completed first, by a draw of what is missing given what is there.
#pragma once
#include <optional>

#include "algorithms/row_chunks.hpp"

namespace boltzkit {

struct Metrics {
  double pseudoLikelihood, freeEnergyGap, chainFreeEnergyGap, weightNorm;
  double meanFreeEnergy;  // of the rows behind the pseudo-likelihood
};

class Monitor {
 public:
  // Watches at most `rows` rows of each data set, evenly spaced; 0 turns everything but the weight norm off (NaN). Missing values are filled
  // in by `sweeps` Gibbs sweeps.
  Monitor(Machine& machine, const LayerData& training, const LayerData* validation, std::size_t rows, std::uint64_t sweeps);
  // `chains`: states drawn from the machine, or null.
  Metrics measure(const States* chains);

 private:
  template <class Body>
  void forEachSample(const LayerData& data, Body body);
  double meanFreeEnergy(const LayerData& data);
  double pseudoLikelihood(const LayerData& data);
  double weightNorm() const;

  Machine& machine_;
  const LayerData& training_;
  const LayerData* validation_;
  std::size_t rows_;
  std::uint64_t sweeps_;
};

}  // namespace boltzkit
