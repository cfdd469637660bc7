// Block Gibbs sampling: layers that are not coupled to each other are drawn together given all the others.
// Geman & Geman 1984; for the RBM the two blocks are the two layers (Hinton 2002).
#pragma once
#include <atomic>

#include "machine/states.hpp"

namespace boltzkit {

class BlockGibbs {
 public:
  // Clamped layers keep their states. `rows` is the largest number of chains that will be swept together.
  BlockGibbs(const Machine& machine, std::vector<bool> clamped, std::size_t rows);

  const std::vector<std::vector<std::size_t>>& blocks() const { return blocks_; }

  // Draws one layer given the others. `mean`, if not null, receives the conditional means too.
  void update(std::size_t layer, States& states, const Stream& stream, std::uint32_t firstChain, double beta, Tensor* mean,
              Tensor* sample);
  // One sweep over all blocks; the stream's layer is filled in here.
  void sweep(States& states, Stream stream, std::uint32_t firstChain, double beta);

 private:
  const Machine& machine_;
  std::vector<bool> clamped_;
  std::vector<std::vector<std::size_t>> blocks_;
  std::vector<TensorPtr> fields_;  // scratch per layer
};

}  // namespace boltzkit
