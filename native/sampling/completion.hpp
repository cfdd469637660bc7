// Completes rows with missing values by Gibbs sampling given their known values. Known values stay.
// Missing values are swept together with the layers that have no data (Geman & Geman 1984; for
// learning, Ghahramani & Jordan 1994).
#pragma once
#include <optional>

#include "machine/gibbs.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {

// What every load draws anew, so that the same row rarely gives the same states twice.
struct DrawnAnew {
  bool binary = false;  // values between 0 and 1 of Bernoulli layers, which become binary
  // Layers that are seen through machines as draws, from fields of this accuracy.
  std::optional<Accuracy> seen = std::nullopt;
};

class Completion {
 public:
  // `rows` is the largest number of rows in one load.
  Completion(const Machine& machine, const LayerData& data, std::size_t rows, const DrawnAnew& anew = {});

  // Loads as many rows as states has. Missing values start as draws, layer after layer, given the
  // values that are there by then; layers without data exert no field yet. Takes loadSteps() steps
  // of the stream.
  void load(const Batch& batch, States& states, const Round& round);
  std::uint64_t loadSteps() const { return (data_.anyMissing() ? 1 : 0) + (anew_.binary ? 1 : 0) + (seesAnew() ? 1 : 0); }

  // Sweeps all free places and keeps the known values.
  BlockGibbs& gibbs() { return gibbs_; }
  // True if the free units are independent of each other given the data. One sweep is then an exact
  // draw.
  bool factorised() const { return gibbs_.blocks().size() <= 1 && !lateral_; }

 private:
  bool seesAnew() const { return anew_.seen && data_.drawn(); }
  void gather(const Batch& batch, States& states, Round& round) const;
  void drawBinary(States& states, Round& round) const;

  const Machine& machine_;
  const LayerData& data_;
  BlockGibbs gibbs_;
  DrawnAnew anew_;
  bool lateral_ = false;
  struct Observed {
    TensorPtr present, values;  // [rows, places]
  };
  std::vector<Observed> observed_;  // null for layers without missing values
};

}  // namespace boltzkit
