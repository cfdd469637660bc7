// Where estimates of log Z begin: samples of the machine, and the annealing path that leads to all of them.
#pragma once
#include <memory>
#include <vector>

#include "likelihood/model_samples.hpp"

namespace boltzkit {

// Throws ParameterError when a log weight is not finite.
void requireFinite(double value);

// The base of a path decides which modes it finds. Marginals make a short path, but one that leads past
// every mode they put far away; units without biases favour no mode, at the price of a longer path. So
// bases with all, half and none of the marginals' biases are tried by short anneals in both directions.
// The chosen one has the least excess: the largest log weight of a sample of the machine over the
// logarithm of the forward weights' mean. A sample of a mode that a path misses has a large one.
class Route {
 public:
  // `rows`: the largest number of chains that take a step of the path together.
  Route(Machine& machine, const PartitionOptions& options, std::size_t rows, const Cancelled& cancelled);

  AnnealingPath& path() { return *chosen_.path; }
  // One state per chain, in blocks.
  std::vector<States>& samples() { return samples_.blocks(); }

  // Inverse temperatures as the options have them, or `usual` of them where they say nothing.
  std::vector<double> temperatures(std::size_t usual) const;
  // So many inverse temperatures, placed where the trial run found log weights to vary.
  std::vector<double> placed(std::size_t number) const;
  // How many rungs a ladder needs, so that swaps between neighbours are accepted as a rule.
  std::size_t rungs() const;

  Stream stream(std::uint64_t steps);

 private:
  struct Trial {
    std::unique_ptr<AnnealingPath> path;
    std::vector<double> betas, variances;  // variances of log w between neighbouring betas
    double excess = 0;
  };

  Trial tried(double shareOfBiases, const Cancelled& cancelled);

  Machine& machine_;
  const PartitionOptions& options_;
  std::size_t rows_;
  ModelSamples samples_;
  Trial chosen_;
  double length_ = 0;  // of the path, in standard deviations of log w
};

}  // namespace boltzkit
