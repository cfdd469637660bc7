#include "monitoring/watched_rows.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sampling/layer_rows.hpp"

namespace boltzkit {

double WatchedRows::mean(std::span<const double> values) const {
  if (weights.empty()) return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  return std::inner_product(values.begin(), values.end(), weights.begin(), 0.0) / std::accumulate(weights.begin(), weights.end(), 0.0);
}

double WatchedRows::standardError(std::span<const double> values) const {
  const double centre = mean(values), count = static_cast<double>(values.size());
  double squares = 0, sum = 0;
  for (std::size_t r = 0; r < values.size(); ++r) {
    const double weight = weights.empty() ? 1 : weights[r];
    squares += weight * weight * (values[r] - centre) * (values[r] - centre);
    sum += weight;
  }
  return std::sqrt(squares * count / (count - 1)) / sum;
}

WatchedRows watchedRows(std::size_t rows, std::span<const double> weights, std::size_t count) {
  WatchedRows watched;
  count = std::min(count, rows);
  if (weights.empty()) {
    watched.rows = evenlySpaced(rows, count);
    return watched;
  }
  const auto weighing = static_cast<std::size_t>(std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; }));
  if (weighing <= count) {
    for (std::size_t r = 0; r < rows; ++r) {
      if (!(weights[r] > 0)) continue;
      watched.rows.push_back(static_cast<std::uint32_t>(r));
      watched.weights.push_back(weights[r]);
    }
    return watched;
  }
  const double each = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(count);
  double upTo = 0;
  for (std::size_t r = 0; r < rows && watched.rows.size() < count; ++r) {
    upTo += weights[r];
    while (watched.rows.size() < count && (static_cast<double>(watched.rows.size()) + 0.5) * each < upTo)
      watched.rows.push_back(static_cast<std::uint32_t>(r));
  }
  return watched;
}

}  // namespace boltzkit
