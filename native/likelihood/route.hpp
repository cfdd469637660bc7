// The start of every estimate of log Z: samples of the machine, and an annealing path that reaches
// all of them.
#pragma once
#include <memory>
#include <vector>

#include "likelihood/model_samples.hpp"

namespace boltzkit {

// Throws ParameterError if a log weight is not finite.
void requireFinite(double value);

// Chooses the base of the path, which decides which modes the path finds. Marginals as the base
// make a short path, but it bypasses modes that they place far away. Units without biases favour no
// mode, but the path is longer. So Route tries all, half and none of the marginals' biases, with
// short anneals in both directions. It takes the base with the least excess: the largest log weight
// of a sample of the machine minus the log of the mean forward weight. A sample from a mode that
// the path misses has a large log weight.
class Route {
 public:
  // `rows` is the largest number of chains that take a step of the path together.
  Route(Machine& machine, const PartitionOptions& options, std::size_t rows, const Cancelled& cancelled);

  // Work of making a route, in sweeps of a chain, for progress.
  static double work(const PartitionOptions& options);

  AnnealingPath& path() { return *chosen_.path; }
  // One state per chain, in blocks.
  std::vector<States>& samples() { return samples_.blocks(); }

  // The inverse temperatures of the options; if these have none, `usual` of them, placed.
  std::vector<double> temperatures(std::size_t usual) const;
  // `number` inverse temperatures, placed by the variation of log weights in the trial run.
  std::vector<double> placed(std::size_t number) const;
  // The number of rungs with which most swaps between neighbours are accepted.
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
