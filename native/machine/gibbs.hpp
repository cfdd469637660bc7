// Block Gibbs sampling: layers that are not coupled to each other are drawn together given all the others.
// Geman & Geman 1984; for the RBM the two blocks are the two layers (Hinton 2002).
#pragma once
#include "machine/states.hpp"

namespace boltzkit {

// How a sweep draws. The stream's layer is filled in where a layer is drawn.
struct Round {
  Stream stream;
  std::uint32_t firstChain = 0;  // the chain of row 0
  double beta = 1;
  std::span<const double> betas = {};  // one per row, in place of beta
  Draw draw = Draw::sample;
  const std::vector<TensorPtr>* parameters = nullptr;  // of every layer's units, in place of the machine's
};

// Whether so many chains times sweeps between two changes of the weights make up for rounding them.
inline bool roundingPays(std::uint64_t chainSweeps) { return chainSweeps >= 48; }

class BlockGibbs {
 public:
  // Clamped layers keep their states. `rows` is the largest number of chains that will be swept together.
  BlockGibbs(const Machine& machine, std::vector<bool> clamped, std::size_t rows);

  const std::vector<std::vector<std::size_t>>& blocks() const { return blocks_; }

  // From now on the places of a layer whose mask is not 0 keep these values; states must hold them already. Masks and values
  // [1 or rows, units] stay the caller's; all places of a unit are kept or none. Null: no place is kept.
  void keep(std::size_t layer, const Tensor* mask, const Tensor* values) { kept_[layer] = {mask, values}; }
  // Whether a sweep replaces the states of a layer before anything has read them.
  bool overwrites(std::size_t layer) const;
  // Puts the kept values into the states of a layer.
  void restoreKept(std::size_t layer, Tensor& states) const;

  // From now on updates may use rounded weights (FieldTerm::roundable), means included.
  void roundWeights(bool allowed) { roundable_ = allowed; }

  // Draws one free layer given the others; either output may be null. A layer that is coupled to itself is swept unit by unit, in place, and
  // has no means.
  void update(std::size_t layer, const States& states, const Round& round, Tensor* mean, Tensor* sample);
  // The two halves of an update of a layer that is not coupled to itself: its fields, and a draw given the fields as they are.
  void refreshFields(std::size_t layer, const States& states);
  void redraw(std::size_t layer, const States& states, const Round& round, Tensor* mean, Tensor* sample);
  // Adds to the fields as they are.
  void addToFields(std::size_t layer, std::span<const FieldTerm> terms);
  // The fields of the last update of a free layer that is not coupled to itself, of types whose statistics are not linear; those of refreshFields of any.
  const Tensor& fields(std::size_t layer) const { return *fields_[layer]; }
  // Sweeps of every block in order, each layer given the newest states of the others; each takes one step of the stream.
  void sweep(States& states, Round round, std::uint64_t sweeps = 1);

 private:
  void restoreKept(std::size_t layer, Tensor* mean, Tensor* sample) const;
  bool roundsLateral(std::size_t layer, const Round& round) const;
  UnitUpdate updateOf(std::size_t layer, const Round& round, const Tensor* before) const;
  void sweepLateral(std::size_t layer, const Round& round, std::uint64_t sweeps, const States& states, Tensor& sample);

  const Machine& machine_;
  std::vector<bool> clamped_;
  std::vector<std::vector<std::size_t>> blocks_;
  bool roundable_ = false;
  std::vector<TensorPtr> fields_;  // scratch, one per free layer
  struct Kept {
    const Tensor *mask = nullptr, *values = nullptr;
  };
  std::vector<Kept> kept_;
};

}  // namespace boltzkit
