// Exact expectations for machines small enough to enumerate: statistics under p(s | given). The
// states of some layers are enumerated and weighted by their probability
//   p(c | g) = exp(-F(g, c)) / sum_c' exp(-F(g, c')),
// where F is the free energy with all other layers summed out. Those other layers contribute their
// conditional means (Ackley, Hinton & Sejnowski, Cognitive Science 9 (1985), 147, eq. 6, without
// sampling).
#pragma once
#include <functional>

#include "learning/phases.hpp"
#include "machine/energy.hpp"
#include "machine/enumeration.hpp"

namespace boltzkit {

class EnumeratedPhase {
 public:
  EnumeratedPhase(const Machine& machine, Enumeration enumeration, const std::vector<bool>& given);

  // Receives a phase of states with their weights [1, rows].
  using Body = std::function<void(const Phase& phase, const Tensor& weights)>;
  // Calls `body` for several phases. Together they hold p(s | row r of the given layers) times the
  // weight of row r, for all rows of `from`. Without given layers there is one row, of weight 1.
  void forEach(const States& from, const Tensor* rowWeights, const Body& body);

 private:
  struct Block;
  void forEach(const Block& block, const Body& body);
  void load(const Block& block, std::size_t first, std::size_t n);

  const Machine& machine_;
  Enumeration enumeration_;
  std::vector<bool> given_, known_;
  std::size_t states_, chunk_;
  BlockGibbs gibbs_;
  Phase phase_;
  FreeEnergies energies_;
  DoublesPtr sums_;  // of a chunk
};

}  // namespace boltzkit
