// Rows that lack some values, completed by Gibbs sampling given the values they have: what is there keeps its place, whatever is missing is
// swept together with the layers that have no data (Geman & Geman 1984; for learning, Ghahramani & Jordan 1994).
#pragma once
#include "machine/gibbs.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

class Completion {
 public:
  // `rows` is the largest number of rows that will be loaded together.
  // With `draw` values between 0 and 1 of Bernoulli layers are drawn anew whenever their row is loaded: rows are binary, and seldom twice the
  // same.
  Completion(const Machine& machine, const LayerData& data, std::size_t rows, bool draw = false);

  // Loads as many rows as states has. Missing values start as draws, layer after layer, given the values that are there by then; layers
  // without data exert no field yet. Takes loadSteps() steps of the stream.
  void load(const Batch& batch, States& states, const Round& round);
  std::uint64_t loadSteps() const { return (data_.anyMissing() ? 1 : 0) + (draw_ ? 1 : 0); }

  // Sweeps over all that is free, values kept.
  BlockGibbs& gibbs() { return gibbs_; }
  // Whether what is free falls into units that are independent of each other given the data: one sweep is then an exact draw.
  bool factorised() const { return gibbs_.blocks().size() <= 1 && !lateral_; }

 private:
  void drawBinary(States& states, Round& round) const;

  const Machine& machine_;
  const LayerData& data_;
  BlockGibbs gibbs_;
  bool draw_, lateral_ = false;
  struct Observed {
    TensorPtr present, values;  // [rows, units]
  };
  std::vector<Observed> observed_;  // of layers that lack values, else null
};

}  // namespace boltzkit
