// What the columns of data are like whose units have no limits (gaussian, relu, doubleRelu): their
// scale is that of the steps of training, so a run that diverges owes it to one of them, most
// likely.
#pragma once
#include <string>
#include <vector>

#include "sampling/row_chunks.hpp"

namespace boltzkit {

class DataColumns {
 public:
  // Rows of weight 0 do not count; `rowWeights` are empty or one per row. Throws ParameterError
  // when a column holds values that leave no room for their squares and products in single
  // precision.
  DataColumns(const Machine& machine, const LayerData& data, std::span<const double> rowWeights, const Cancelled& cancelled);

  // What to do when training diverges: names the column furthest from mean 0 and standard deviation
  // 1. Empty where no layer has such units.
  std::string remedy() const;
  // By place: whether all values of a column are the same. Empty for layers that have no such
  // units.
  const std::vector<bool>& constant(std::size_t layer) const { return constant_[layer]; }
  // Whether a constant column stands, up to rounding, at this value.
  bool alwaysAt(std::size_t layer, std::size_t column, double value) const;
  // A sentence for every layer with constant columns.
  std::vector<std::string> warnings() const;

 private:
  struct Column {
    double count = 0, first = 0, sum = 0, squares = 0, low = 0, high = 0;  // sums about the first value
    void add(double value);
    double mean() const { return count > 0 ? first + sum / count : 0; }
    double deviation() const;
    double largest() const;
    // How far from standard units, at least 1.
    double strangeness() const;
  };
  std::string nameOf(std::size_t layer, std::size_t column) const;

  const Machine& machine_;
  std::vector<std::vector<Column>> columns_;  // per layer, empty where units have limits or there are no data
  std::vector<std::vector<bool>> constant_;
};

}  // namespace boltzkit
