// The options of a trainer of a machine.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "learning/run_options.hpp"

namespace boltzkit {

// rates: of each layer's units, then of each coupling.
struct TrainerOptions : RunOptions {
  // learning/negative/ has a file for each algorithm.
  enum class Algorithm { cd, pcd, fpcd, pt, ptt, meanField, pseudoLikelihood, exact } algorithm = Algorithm::pcd;
  std::uint64_t steps = 1;  // k: Gibbs sweeps per update
  // Sweeps over missing values and layers without data, if their posterior has no closed form.
  std::uint64_t positiveSteps = 10;
  std::size_t chains = 100;                  // persistent chains (pcd, fpcd, pt, ptt)
  double fastRate = 0.05, fastDecay = 0.95;  // of the fast weights (fpcd)
  std::vector<double> temperatures;          // inverse temperatures, rising to 1 (pt)
  // Maximum number of checkpoints of the trajectory (ptt).
  std::size_t reservoirs = 64;
  // Freezes another checkpoint once fewer swaps with the latest are accepted than this (ptt).
  double reservoirAcceptance = 0.3;
  // Layers with data that are conditions: the machine learns the distribution of all other layers
  // given them (cd). The chains of the negative phase keep their states.
  std::vector<std::size_t> given;
  // Completes layers without data by mean-field sweeps instead of draws, where that makes a
  // difference.
  bool meanFieldPositive = false;
  // Draws values between 0 and 1 of Bernoulli layers anew each time their row is used.
  bool dynamicBinarisation = false;
  bool centred = true;
  double offsetRate = 0.01;  // rate of the exponential average of the hidden offsets
  // Scales the steps of weights by the standard deviations of both sides; needs `centred`.
  bool standardised = false;
  struct Sparsity {
    // Target of E[h], strength, rate of the running mean (Hinton 2012, section 11).
    double target, weight, rate;
  };
  std::optional<Sparsity> sparsity;
  // What is learnt of a layer of labels:
  //   discriminative * log p(labels | other rows) + generative * log p(rows)
  // With a weight of 0 that part costs nothing. Unset: log p(rows), and no report of the labels.
  struct Labels {
    std::size_t layer;
    double discriminative = 0, generative = 1;
  };
  std::optional<Labels> labels;
  // Sets the unit parameters of data layers from the data, on the machine's first update only.
  bool initialiseFromData = true;
  // The rows are the next part of a stream: means and scales continue as running ones over all
  // parts.
  bool stream = false;
  // Work of metrics and health as a fraction of that of training; 0: no health, and metrics of all
  // monitorRows.
  double monitorBudget = 0.05;
};

// As validateRun, with what is a machine's own.
void validateOptions(const TrainerOptions& options, std::size_t rows, std::size_t parameters);

}  // namespace boltzkit
