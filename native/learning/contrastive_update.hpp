// One step of stochastic gradient ascent on the log-likelihood of a machine, plain or centred (Melchior, Fischer & Wiskott 2016): data minus model. Where
// the model's side comes from is the algorithm's (learning/negative/).
#pragma once
#include <memory>
#include <vector>

#include "learning/training_options.hpp"
#include "learning/update.hpp"
#include "machine/machine.hpp"

namespace boltzkit {

// `data` has one entry per visible layer, all with the same number of rows; `validation` is empty or alike. Values may be missing in both.
// `rowWeights` is empty or has one weight >= 0 per row, not all zero. Throws ParameterError or ShapeError when these or the options do not fit.
std::unique_ptr<Update> contrastiveUpdate(Machine& machine, const TrainerOptions& options, const std::vector<LayerRows>& data,
                                          const std::vector<LayerRows>& validation, std::vector<double> rowWeights);

}  // namespace boltzkit
