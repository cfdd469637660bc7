// The options of a training run that do not depend on what is trained.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "backend.hpp"

namespace boltzkit {

struct RunOptions {
  std::uint64_t epochs = 10;
  std::size_t batchSize = 100;
  bool shuffle = true;
  // Kind, momentum, betas, epsilon; learningRates replaces its rate.
  OptimiserStep optimiser;
  std::vector<double> learningRates{0.05};  // one per update of this run; the last one stays
  // Factors of the learning rate, one per parameter tensor in the model's order; 0 freezes. Empty:
  // ones.
  std::vector<double> rates;
  double l1 = 0, l2 = 0;  // on weights, not on biases
  // Averages the parameters over this fraction of the updates, at the end of the run; 0: none.
  double averageLast = 0;
  std::size_t monitorRows = 1000;  // maximum number of rows in each epoch's metrics; 0: none
  struct FallBack {
    std::uint64_t retries;
    double factor;  // of the learning rate, after each retry
  };
  std::optional<FallBack> onDivergence;  // returns to the last good state; unset: Error{divergence}

  // Of parameter i in the model's order.
  double rate(std::size_t i) const { return rates.empty() ? 1 : rates[i]; }
  bool frozen(std::size_t i) const { return rate(i) == 0; }
};

// Throws ParameterError unless ok: "`name` must be <expected>, got <came>".
void requireOption(bool ok, const char* name, const char* expected, double came);
inline bool isFraction(double x) { return x >= 0 && x <= 1; }
bool isNonNegative(double x);  // and finite

// Check the options and weights. Every message says what was expected and what was given.
// `parameters`: the number of parameter tensors of the model.
void validateRun(const RunOptions& options, std::size_t rows, std::size_t parameters);
void validateWeights(const std::vector<double>& weights, std::size_t rows);

// Scales weights of any magnitude to mean 1.
std::vector<double> meanOne(std::vector<double> weights);

}  // namespace boltzkit
