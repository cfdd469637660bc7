// Statistics from one pass over the training rows before the first update. The weighted means of
// the data layers are their centring offsets. Start values of their parameters come from the same
// pass. Both ignore missing values. In a stream the means are updated from part to part.
#pragma once
#include <span>
#include <vector>

#include "sampling/row_chunks.hpp"

namespace boltzkit {

// out [1, places] = the means of a layer's units without a field.
void fieldlessMeans(const Machine& machine, std::size_t layer, Tensor& out);

// Running statistics of a stream forget: earlier rows have at most the weight of this many rows.
inline constexpr double rowsRemembered = 10000;

class StartValues {
 public:
  // `rowWeights` is empty or has one weight per row. Without `parameters`, computes offsets only.
  StartValues(Machine& machine, const LayerData& data, std::span<const double> rowWeights, bool parameters, const Cancelled& cancelled);

  // out [1, places] = the mean of each place of a layer with data. A place without any value gets
  // the mean of its unit without a field.
  void offset(std::size_t layer, Tensor& out) const;
  // Updates a running mean `offset` [1, places] by the values of these rows. `seen` [1, places]
  // counts the values it stands for and is updated too.
  void follow(std::size_t layer, Tensor& offset, Tensor& seen) const;
  // Sets the unit parameters of a layer with data to the fitted ones.
  void initialise(std::size_t layer) const;
  // Unit parameters [parameters, places] of independent units that have the mean unit statistics of
  // the data. Places without any value keep the machine's parameters.
  std::vector<double> fitted(std::size_t layer) const;

 private:
  void add(std::size_t layer, Tensor& states, const Tensor* weights, double each, double keep);
  // The weighted fraction of rows that have a value, by place.
  std::vector<double> share(std::size_t layer) const;

  Machine& machine_;
  std::size_t rows_;
  TensorPtr ones_;
  struct Sums {
    TensorPtr mean, statistics;  // statistics: null without parameters
    TensorPtr zeros;             // parameters at which a value of 0 adds nothing to the statistics
    TensorPtr present, share;    // null if no value is missing
  };
  std::vector<Sums> sums_;  // per layer, empty without data
};

}  // namespace boltzkit
