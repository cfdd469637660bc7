// Block Gibbs sampling: layers that are not coupled to each other are drawn together given all the others.
// Geman & Geman 1984; for the RBM the two blocks are the two layers (Hinton 2002).
#pragma once
#include "machine/states.hpp"

namespace boltzkit {

class BlockGibbs {
 public:
  // Clamped layers keep their states. `rows` is the largest number of chains that will be swept together.
  BlockGibbs(const Machine& machine, std::vector<bool> clamped, std::size_t rows);

  const std::vector<std::vector<std::size_t>>& blocks() const { return blocks_; }

  // A layer that is coupled to itself is swept unit by unit, in place, and has no means.
  // Draws one free layer given the others; either output may be null. The stream's layer is filled in here.
  void update(std::size_t layer, const States& states, const Stream& stream, std::uint32_t firstChain, double beta, Tensor* mean,
              Tensor* sample);
  // The fields of the last update of a free layer.
  const Tensor& fields(std::size_t layer) const { return *fields_[layer]; }
  // One sweep: every block in order, each layer given the newest states of the others.
  void sweep(States& states, const Stream& stream, std::uint32_t firstChain, double beta);

 private:
  const Machine& machine_;
  std::vector<bool> clamped_;
  std::vector<std::vector<std::size_t>> blocks_;
  std::vector<TensorPtr> fields_;  // scratch, one per free layer
};

}  // namespace boltzkit
