// Statistics of the data columns of units without limits (gaussian, relu, doubleRelu). The scale of
// such a column sets the scale of the training steps, so it is the most likely cause of divergence.
#pragma once
#include <string>
#include <vector>

#include "sampling/row_chunks.hpp"

namespace boltzkit {

class DataColumns {
 public:
  // Ignores rows of weight 0. `rowWeights` is empty or has one weight per row. Throws
  // ParameterError if the values of a column are so large that their squares and products could
  // overflow in single precision.
  DataColumns(const Machine& machine, const LayerData& data, std::span<const double> rowWeights, const Cancelled& cancelled);

  // Advice for a run that diverged: names the column furthest from mean 0 and standard deviation 1.
  // Empty if no layer has such units.
  std::string remedy() const;
  // By place: true if all values of the column are the same. Empty for layers without such units.
  const std::vector<bool>& constant(std::size_t layer) const { return constant_[layer]; }
  // True if a constant column has this value, up to rounding.
  bool alwaysAt(std::size_t layer, std::size_t column, double value) const;
  // One sentence per layer with constant columns.
  std::vector<std::string> warnings() const;

 private:
  struct Column {
    // Sums of differences from the first value.
    double count = 0, first = 0, sum = 0, squares = 0, low = 0, high = 0;
    void add(double value);
    double mean() const { return count > 0 ? first + sum / count : 0; }
    double deviation() const;
    double largest() const;
    // Distance from mean 0 and standard deviation 1, as a factor >= 1.
    double strangeness() const;
  };
  std::string nameOf(std::size_t layer, std::size_t column) const;

  const Machine& machine_;
  // Per layer; empty where units have limits or no data are given.
  std::vector<std::vector<Column>> columns_;
  std::vector<std::vector<bool>> constant_;
};

}  // namespace boltzkit
