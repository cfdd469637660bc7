// The report of a trainer after each epoch: what all models tell, and what one kind of model does.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "likelihood/interval.hpp"
#include "monitoring/health.hpp"
#include "monitoring/label_scores.hpp"

namespace boltzkit {

// Of a machine. Means over training rows use the training weights. F is a bound where it has no
// closed form (likelihood/bound_free_energy.hpp).
struct MachineReport {
  // Nats per row, of the same units of the same rows at every epoch of a run. On validation rows if
  // given, else on training rows. NaN where there is none.
  double pseudoLikelihood = 0;
  // Its standard error as that of all units of all rows; NaN of one row.
  double pseudoLikelihoodError = 0;
  // Log-likelihood of the same units under independent units that fit the training rows best. NaN
  // where the best fit is not known (IndependentUnits::possible).
  double baseline = 0;
  // Mean F(validation) - mean F(training); NaN without validation rows.
  double freeEnergyGap = 0;
  // Mean F(negative particles) - mean F(training). Far from 0 if the chains lag behind.
  double chainFreeEnergyGap = 0;
  std::optional<Health> health;  // only in epochs that check it
  // Only in runs with options.labels: of the watched training rows, and of all validation rows, NaN
  // without.
  struct Labels {
    LabelScores training, validation;
  };
  std::optional<Labels> labels;
  // Mean log-likelihood of the rows used for pseudoLikelihood. Only from an algorithm that
  // estimates log Z (ptt).
  std::optional<Interval> logLikelihood;
};

// Of a network; what loss and error are says network/loss.hpp. Means over rows, nothing dropped.
struct NetworkReport {
  double loss = 0, error = 0;                      // of the watched training rows, by their weights
  double validationLoss = 0, validationError = 0;  // of all validation rows; NaN without
};

// Of up-down learning, in nats per row. Means over rows use the training weights.
struct UpDownReport {
  // By level from the bottom: -log p(layer | the layer above) of rows on their way up, and
  // -log q(layer above | layer) of dreams.
  std::vector<double> generative, recognition;
  double freeEnergyGap = 0;  // of the top machine: mean F(chains) - mean F(rows on their way up)
};

struct EpochReport {
  std::uint64_t epoch = 0;  // epochs completed in this run
  std::uint64_t step = 0;   // updates completed in this run
  double seconds = 0;       // training time of this epoch in seconds, without metrics
  double learningRate = 0;
  double weightNorm = 0;        // root mean square of all weights
  std::uint64_t rollbacks = 0;  // returns to a good state in this run so far
  // Whole sentences without a full stop, about the run and this epoch's numbers.
  std::vector<std::string> warnings;
  std::variant<MachineReport, NetworkReport, UpDownReport> of;  // the kind of model
};

}  // namespace boltzkit
