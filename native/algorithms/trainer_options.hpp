// Checks of what a trainer is asked to do; every message says what was expected and what came.
#pragma once
#include "algorithms/trainer.hpp"

namespace boltzkit {

// `parameters`: how many tensors the machine has.
void validateOptions(const TrainerOptions& options, std::size_t rows, std::size_t parameters);
void validateWeights(const std::vector<double>& weights, const std::vector<LayerRows>& data);

}  // namespace boltzkit
