// Checks of what a trainer is asked to do; every message says what was expected and what came.
#pragma once
#include "algorithms/trainer.hpp"

namespace boltzkit {

void validateOptions(const TrainerOptions& options, std::size_t rows);
void validateWeights(const std::vector<double>& weights, const std::vector<LayerRows>& data);

}  // namespace boltzkit
