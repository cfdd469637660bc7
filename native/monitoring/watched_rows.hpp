// Chooses rows that represent a weighted data set where reading all rows would cost too much.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace boltzkit {

struct WatchedRows {
  std::vector<std::uint32_t> rows;
  std::vector<double> weights;  // one per row; empty: all equal
  // The weighted mean of one value per row.
  double mean(std::span<const double> values) const;
  // The standard error of this mean as that of the data set that the rows represent; NaN of one row.
  double standardError(std::span<const double> values) const;
};

// Picks at most `count` of `rows` rows. Without weights they are evenly spaced. With weights these
// are all rows of positive weight if there are at most `count`. Otherwise takes `count` positions
// evenly spaced along the cumulative weight, so a heavy row may occur more than once.
WatchedRows watchedRows(std::size_t rows, std::span<const double> weights, std::size_t count);

}  // namespace boltzkit
