// Exact expectations on machines small enough to count their states: statistics under p(s | given), the states of some layers counted and
// weighted by their probability
//   p(c | g) = exp(-F(g, c)) / sum_c' exp(-F(g, c')),   F the free energy with all other layers summed out,
// those other layers at their conditional means (Ackley, Hinton & Sejnowski, Cognitive Science 9 (1985), 147, eq. 6, without sampling).
#pragma once
#include "algorithms/gradient.hpp"
#include "machine/enumeration.hpp"

namespace boltzkit {

class EnumeratedPhase {
 public:
  EnumeratedPhase(const Machine& machine, Enumeration enumeration, const std::vector<bool>& given);

  // Adds alpha * sum_r w_r <statistics>_p(s | row r of the given layers) to the gradient. Without given layers `from` counts as one row of
  // weight 1. `first` starts the gradient afresh.
  void accumulate(const States& from, const Tensor* rowWeights, double alpha, bool first, Gradient& gradient);

 private:
  struct Block;
  void accumulate(const Block& block, double alpha, bool& first, Gradient& gradient);
  void load(const Block& block, std::size_t first, std::size_t n);

  const Machine& machine_;
  Enumeration enumeration_;
  std::vector<bool> given_, known_;
  std::size_t states_, chunk_;
  BlockGibbs gibbs_;
  Phase phase_;
};

}  // namespace boltzkit
