// One step of stochastic gradient ascent on the log-likelihood of a machine, plain or centred
// (Melchior, Fischer & Wiskott 2016): statistics of the data minus statistics of the model. The
// algorithm chooses how to estimate the latter (learning/negative/).
#pragma once
#include <memory>
#include <vector>

#include "learning/training_options.hpp"
#include "learning/update.hpp"
#include "machine/machine.hpp"

namespace boltzkit {

// `data` has one entry per layer with data, all with the same number of rows. `validation` is empty
// or has the same layers. Both may have missing values. `rowWeights` is empty or has one
// nonnegative weight per row, not all zero. Throws ParameterError or ShapeError if these or the
// options do not fit.
std::unique_ptr<Update> contrastiveUpdate(Machine& machine, const TrainerOptions& options, const std::vector<LayerRows>& data,
                                          const std::vector<LayerRows>& validation, std::vector<double> rowWeights);

}  // namespace boltzkit
