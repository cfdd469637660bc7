// Block Gibbs sampling: layers that are not coupled to each other are drawn together, given all
// others. Geman & Geman 1984. In an RBM the two layers are the two blocks (Hinton 2002).
#pragma once
#include "machine/states.hpp"

namespace boltzkit {

// How a sweep draws. BlockGibbs fills in the layer of the stream.
struct Round {
  Stream stream;
  std::uint32_t firstChain = 0;  // chain of row 0
  double beta = 1;
  std::span<const double> betas = {};  // one per row; replaces beta
  Draw draw = Draw::sample;
  // Unit parameters of every layer; replaces the machine's.
  const std::vector<TensorPtr>* parameters = nullptr;
};

class BlockGibbs {
 public:
  // Clamped layers keep their states. `rows` is the largest number of chains in one sweep.
  BlockGibbs(const Machine& machine, std::vector<bool> clamped, std::size_t rows);

  const std::vector<std::vector<std::size_t>>& blocks() const { return blocks_; }

  // From now on, places of `layer` with a nonzero mask keep these values. The states must hold the
  // values already. Mask and values are [1 or rows, places]; the caller owns them. A mask covers
  // all places of a unit or none. Null: no place is kept.
  void keep(std::size_t layer, const Tensor* mask, const Tensor* values) { kept_[layer] = {mask, values}; }
  // True if a sweep replaces the layer's states before anything reads them.
  bool overwrites(std::size_t layer) const;
  // Writes the kept values into the states of a layer.
  void restoreKept(std::size_t layer, Tensor& states) const;

  // The accuracy of fields from now on, also of those behind means; `reuse`: see FieldTerm. At
  // first it is full.
  void setAccuracy(Accuracy accuracy, std::uint64_t reuse = unlimitedReuse) { accuracy_ = accuracy, reuse_ = reuse; }

  // Draws one free layer given the others. Either output may be null. A layer that is coupled to
  // itself is swept unit by unit and in place; it has no means.
  void update(std::size_t layer, const States& states, const Round& round, Tensor* mean, Tensor* sample);
  // The two halves of an update, for layers that are not coupled to themselves: compute the fields,
  // then draw from the current fields.
  void refreshFields(std::size_t layer, const States& states);
  void redraw(std::size_t layer, const States& states, const Round& round, Tensor* mean, Tensor* sample);
  // Adds terms to the current fields.
  void addToFields(std::size_t layer, std::span<const FieldTerm> terms);
  // The fields of a free layer that is not coupled to itself. After refreshFields they hold for
  // every type, after `update` only for types whose statistics are not linear.
  const Tensor& fields(std::size_t layer) const { return *fields_[layer]; }
  // Sweeps all blocks in order, each layer given the newest states of the others. Each sweep uses
  // one step of the stream.
  void sweep(States& states, Round round, std::uint64_t sweeps = 1);

 private:
  void restoreKept(std::size_t layer, Tensor* mean, Tensor* sample) const;
  std::vector<FieldTerm> termsOf(std::size_t layer, const States& states, Accuracy accuracy) const;
  Accuracy lateralAccuracy(std::size_t layer, const Round& round) const;
  UnitUpdate updateOf(std::size_t layer, const Round& round, const Tensor* before) const;
  void sweepLateral(std::size_t layer, const Round& round, std::uint64_t sweeps, const States& states, Tensor& sample);

  const Machine& machine_;
  std::vector<bool> clamped_;
  std::vector<std::vector<std::size_t>> blocks_;
  Accuracy accuracy_ = Accuracy::full;
  std::uint64_t reuse_ = unlimitedReuse;
  std::vector<TensorPtr> fields_;  // scratch, one per free layer
  struct Kept {
    const Tensor *mask = nullptr, *values = nullptr;
  };
  std::vector<Kept> kept_;
};

}  // namespace boltzkit
