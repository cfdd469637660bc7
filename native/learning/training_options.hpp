// What a trainer is asked to do.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "backend.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

struct TrainerOptions {
  enum class Algorithm {
    cd,
    pcd,
    fpcd,
    pt,
    ptt,
    meanField,
    pseudoLikelihood,
    exact
  } algorithm = Algorithm::pcd;      // learning/negative/ has a file for each
  std::uint64_t steps = 1;           // k: Gibbs sweeps per update
  std::uint64_t positiveSteps = 10;  // sweeps over missing values and layers without data, where their posterior has no closed form
  std::uint64_t epochs = 10;
  std::size_t batchSize = 100;
  std::size_t chains = 100;                  // persistent chains (pcd, fpcd, pt, ptt)
  double fastRate = 0.05, fastDecay = 0.95;  // of the fast weights (fpcd)
  std::vector<double> temperatures;          // inverse ones, rising to 1 (pt)
  std::size_t reservoirs = 64;               // at most so many checkpoints of the trajectory (ptt)
  double reservoirAcceptance = 0.3;          // of swaps with the latest of them, below which another is frozen (ptt)
  bool meanFieldPositive = false;            // layers without data by mean-field sweeps in place of draws, where that makes a difference
  bool dynamicBinarisation = false;          // values between 0 and 1 of Bernoulli layers are drawn anew whenever their row is used
  bool shuffle = true;
  bool centred = true;
  double offsetRate = 0.01;                 // of the exponential average behind the hidden offsets
  OptimiserStep optimiser;                  // kind, momentum, betas, epsilon; learningRate is read from the table
  std::vector<double> learningRates{0.05};  // one per update of this run; the last one holds from then on
  std::vector<double> rates;  // factors of the learning rate: of each layer's units, then of each coupling; 0 freezes. Empty: ones
  bool standardised = false;  // weights step in units of the standard deviations of both sides; needs centred
  double l1 = 0, l2 = 0;      // on weights, not on biases
  struct Sparsity {
    double target, weight, rate;  // E[h] aimed at, strength, rate of the running mean (Hinton 2012, section 11)
  };
  std::optional<Sparsity> sparsity;
  double averageLast = 0;          // fraction of the run's last updates whose parameters are averaged; 0: none
  bool initialiseFromData = true;  // visible biases from the data mean, on the machine's first update only
  bool stream = false;             // the rows are the next part of a stream, whose means and scales go on (running ones over all parts)
  std::size_t monitorRows = 1000;  // rows behind each epoch's metrics, at most; 0: none
  double monitorBudget = 0.05;     // work of metrics and health as a part of that of training; 0: no health, and metrics of all monitorRows
  struct FallBack {
    std::uint64_t retries;
    double factor;  // of the learning rate, after each
  };
  std::optional<FallBack> onDivergence;  // back to the last good state; otherwise Error{divergence}

  // Of parameter i in the machine's order: layers first, then couplings.
  double rate(std::size_t i) const { return rates.empty() ? 1 : rates[i]; }
  bool frozen(std::size_t i) const { return rate(i) == 0; }
};

// Checks; every message says what was expected and what came.
// `parameters`: how many tensors the machine has.
void validateOptions(const TrainerOptions& options, std::size_t rows, std::size_t parameters);
void validateWeights(const std::vector<double>& weights, const std::vector<LayerRows>& data);

}  // namespace boltzkit
