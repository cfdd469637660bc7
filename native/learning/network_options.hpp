// The options of a trainer of a network.
#pragma once
#include "learning/run_options.hpp"
#include "network/loss.hpp"

namespace boltzkit {

// rates: of the parameters in Network's order.
struct NetworkTrainerOptions : RunOptions {
  LossKind loss = LossKind::likelihood;
  double maxNorm = 0;  // of each unit's incoming weights; 0: no limit
  // Rates of the dropout layers in this run; unset: their own.
  std::optional<std::vector<double>> dropout;
  // Limited-memory BFGS in place of the optimiser's kind.
  struct Lbfgs {
    std::size_t history = 10;    // pairs that are kept
    std::size_t iterations = 5;  // from each batch
  };
  std::optional<Lbfgs> lbfgs;
};

}  // namespace boltzkit
