// What one pass over the training rows tells before the first update: the weighted means of the
// data layers, which are their centring offsets, and start values of their parameters. Both over
// the values that are present. The means of a stream go on from part to part.
#pragma once
#include <span>
#include <vector>

#include "sampling/row_chunks.hpp"

namespace boltzkit {

// out [1, units] = the means of a layer's units without any field.
void fieldlessMeans(const Machine& machine, std::size_t layer, Tensor& out);

// Running statistics of a stream forget: those of earlier rows weigh as much as this many at most.
inline constexpr double rowsRemembered = 10000;

class StartValues {
 public:
  // rowWeights are empty or one per row. Without `parameters` only offsets are worked out.
  StartValues(Machine& machine, const LayerData& data, std::span<const double> rowWeights, bool parameters, const Cancelled& cancelled);

  // offset [1, units] of a layer with data = the mean of each place; without any value of it, its unit's mean without a field.
  void offset(std::size_t layer, Tensor& out) const;
  // offset [1, units], the mean over as many values as `seen` [1, units] says by place, takes in
  // the values of these rows, and `seen` counts them.
  void follow(std::size_t layer, Tensor& offset, Tensor& seen) const;
  // The unit parameters of a layer with data, from the means of the unit statistics at zero parameters; places without any value keep theirs.
  void initialise(std::size_t layer) const;

 private:
  void add(std::size_t layer, Tensor& states, const Tensor* weights, double each, double keep);
  std::vector<double> downloaded(const Tensor& tensor) const;
  // The part of the rows that have a value, by place.
  std::vector<double> share(std::size_t layer) const;

  Machine& machine_;
  std::size_t rows_;
  TensorPtr ones_;
  struct Sums {
    TensorPtr mean, statistics;  // statistics null without parameters
    TensorPtr zeros;             // parameters at which a value of 0 adds nothing to the statistics
    TensorPtr present, share;    // null where no value is missing
  };
  std::vector<Sums> sums_;  // per layer, empty where not given
};

}  // namespace boltzkit
