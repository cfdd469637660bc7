// The options of a trainer.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "backend.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct TrainerOptions {
  // learning/negative/ has a file for each algorithm.
  enum class Algorithm { cd, pcd, fpcd, pt, ptt, meanField, pseudoLikelihood, exact } algorithm = Algorithm::pcd;
  std::uint64_t steps = 1;  // k: Gibbs sweeps per update
  // Sweeps over missing values and layers without data, if their posterior has no closed form.
  std::uint64_t positiveSteps = 10;
  std::uint64_t epochs = 10;
  std::size_t batchSize = 100;
  std::size_t chains = 100;                  // persistent chains (pcd, fpcd, pt, ptt)
  double fastRate = 0.05, fastDecay = 0.95;  // of the fast weights (fpcd)
  std::vector<double> temperatures;          // inverse temperatures, rising to 1 (pt)
  // Maximum number of checkpoints of the trajectory (ptt).
  std::size_t reservoirs = 64;
  // Freezes another checkpoint once fewer swaps with the latest are accepted than this (ptt).
  double reservoirAcceptance = 0.3;
  // Completes layers without data by mean-field sweeps instead of draws, where that makes a
  // difference.
  bool meanFieldPositive = false;
  // Draws values between 0 and 1 of Bernoulli layers anew each time their row is used.
  bool dynamicBinarisation = false;
  bool shuffle = true;
  bool centred = true;
  double offsetRate = 0.01;  // rate of the exponential average of the hidden offsets
  // Kind, momentum, betas, epsilon; learningRates replaces its rate.
  OptimiserStep optimiser;
  std::vector<double> learningRates{0.05};  // one per update of this run; the last one stays
  // Factors of the learning rate, for each layer's units, then for each coupling; 0 freezes. Empty:
  // ones.
  std::vector<double> rates;
  // Scales the steps of weights by the standard deviations of both sides; needs `centred`.
  bool standardised = false;
  double l1 = 0, l2 = 0;  // on weights, not on biases
  struct Sparsity {
    // Target of E[h], strength, rate of the running mean (Hinton 2012, section 11).
    double target, weight, rate;
  };
  std::optional<Sparsity> sparsity;
  // Averages the parameters over this fraction of the updates, at the end of the run; 0: none.
  double averageLast = 0;
  // Sets the unit parameters of data layers from the data, on the machine's first update only.
  bool initialiseFromData = true;
  // The rows are the next part of a stream: means and scales continue as running ones over all
  // parts.
  bool stream = false;
  std::size_t monitorRows = 1000;  // maximum number of rows in each epoch's metrics; 0: none
  // Work of metrics and health as a fraction of that of training; 0: no health, and metrics of all
  // monitorRows.
  double monitorBudget = 0.05;
  struct FallBack {
    std::uint64_t retries;
    double factor;  // of the learning rate, after each retry
  };
  std::optional<FallBack> onDivergence;  // returns to the last good state; unset: Error{divergence}

  // Of parameter i in the machine's order: layers first, then couplings.
  double rate(std::size_t i) const { return rates.empty() ? 1 : rates[i]; }
  bool frozen(std::size_t i) const { return rate(i) == 0; }
};

// Check the options and weights. Every message says what was expected and what was given.
// `parameters`: the number of parameter tensors of the machine.
void validateOptions(const TrainerOptions& options, std::size_t rows, std::size_t parameters);
void validateWeights(const std::vector<double>& weights, const std::vector<LayerRows>& data);

}  // namespace boltzkit
