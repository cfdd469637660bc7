// Training by stochastic gradient ascent on the log-likelihood, plain or centred (Melchior, Fischer & Wiskott 2016), with one of several
// estimates of the gradient.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/inference.hpp"

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
  } algorithm = Algorithm::pcd;      // algorithms/negative/ has a file for each
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

// How well the model's chains mix (health.hpp). NaN where there is no such number.
struct Health {
  double autocorrelationTime;  // of the chains' energies, in sweeps
  double effectiveSampleSize, splitRhat;
  double freeEnergyDrift;  // mean free energy of chains from noise minus that of chains from data, after a few sweeps
  std::vector<double> singularValues;
  std::string sentence;  // empty unless the chains are out of equilibrium
};

struct Estimate {
  double value, low, high;  // with its 95 % interval, nats
};

struct EpochReport {
  std::uint64_t epoch = 0;  // epochs completed, in this run
  std::uint64_t step = 0;   // updates completed, in this run
  double seconds = 0;       // training time of this epoch, without the metrics
  double learningRate = 0;
  // Means over training rows are weighted as training is. F is a bound where it has no closed form
  // (bound_free_energy.hpp).
  double pseudoLikelihood = 0;            // nats per row, stochastic; on validation rows if given, else on training rows
  double freeEnergyGap = 0;               // mean F(validation) - mean F(training); NaN without validation rows
  double chainFreeEnergyGap = 0;          // mean F(negative particles) - mean F(training): far from 0 when chains lag behind
  double weightNorm = 0;                  // root mean square of all weights
  std::uint64_t rollbacks = 0;            // returns to a good state so far, in this run
  std::vector<std::string> warnings;      // whole sentences, without a full stop, about the run and about this epoch's numbers
  std::optional<Health> health;           // in epochs in which it is looked at
  std::optional<Estimate> logLikelihood;  // mean over the rows behind pseudoLikelihood, where the algorithm keeps log Z (ptt)
};

// What has to be kept for a run to go on bit for bit. Tensors by name with their shapes, counters by name.
struct TrainerState {
  struct Saved {
    std::size_t rows, cols;
    std::vector<double> values;
  };
  std::map<std::string, Saved> tensors;
  std::map<std::string, std::uint64_t> counters;
};

class Trainer {
 public:
  // `data` has one entry per visible layer, all with the same number of rows; `validation` is empty or alike. Values may be missing in both.
  // rowWeights is empty
  // or has one weight >= 0 per row, not all zero. `state` continues where it stood: with `resume` in the middle of its run,
  // otherwise as a new run that keeps optimiser and chains where their shapes still fit.
  Trainer(Machine& machine, TrainerOptions options, std::vector<LayerRows> data, std::vector<LayerRows> validation,
          std::vector<double> rowWeights, const TrainerState* state, bool resume);
  ~Trainer();

  std::uint64_t totalSteps() const;  // of this run
  std::uint64_t stepsPerEpoch() const;
  std::uint64_t step() const;  // updates completed, in this run

  // Trains until `untilStep` updates of this run are complete (or all). Calls `onEpoch` after every epoch, on the calling thread, and
  // `onStep` after every update. Throws Error{aborted} between updates when cancelled and Error{divergence} when a
  // parameter would stop being finite or couplings explode; both leave the machine at its last complete update. With onDivergence the run
  // goes back to its last good state in place of the latter, at most `retries` times, and repeats the updates since then with other random
  // words; when that does not help the error leaves the machine in that state.
  void run(std::uint64_t untilStep, const Cancelled& cancelled, const std::function<void(const EpochReport&)>& onEpoch,
           const std::function<void(std::uint64_t step)>& onStep);

  TrainerState state() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace boltzkit
