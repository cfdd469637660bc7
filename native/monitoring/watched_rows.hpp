// Which rows of a weighted data set stand for it where not all can be looked at.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace boltzkit {

struct WatchedRows {
  std::vector<std::uint32_t> rows;
  std::vector<double> weights;  // one per row; empty: all the same
  // The mean of one value per row.
  double mean(std::span<const double> values) const;
};

// At most `count` of `rows` rows. Without weights evenly spaced ones. With weights all rows that
// weigh anything, or where these are too many as many places evenly spaced along the sum of the
// weights, so that a heavy row may come more than once.
WatchedRows watchedRows(std::size_t rows, std::span<const double> weights, std::size_t count);

}  // namespace boltzkit
