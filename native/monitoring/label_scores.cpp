#include "monitoring/label_scores.hpp"

#include <algorithm>
#include <cmath>

#include "machine/category_weights.hpp"
#include "monitoring/none.hpp"

namespace boltzkit {
namespace {

// Adds one row with the probabilities p(. | row) and its label.
void add(std::span<const double> p, std::span<const double> label, double weight, LabelScores& sum) {
  const auto likeliest = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (label[k] == 0) continue;
    sum.loss -= weight * label[k] * std::log(p[k]);
    if (k != likeliest) sum.error += weight * label[k];
  }
}

}  // namespace

LabelScores labelScores(const Machine& machine, const LayerData& data, std::size_t labels, const WatchedRows& watched) {
  for (std::size_t l = 0; l < data.given().size(); ++l)
    if (l != labels && data.missing(l)) return {none, none};
  std::vector<bool> given = data.given();
  given[labels] = false;
  const std::size_t all = watched.rows.size();
  States states(machine, std::min(chunkRows, all));
  CategoryWeights weights(machine, given, labels, states.rows());
  const std::size_t categories = weights.categories();
  LabelScores sum{0, 0};
  double total = 0;
  std::vector<double> p;
  for (std::size_t first = 0; first < all; first += chunkRows) {
    const std::size_t count = std::min(chunkRows, all - first);
    states.setRows(count);
    data.gather(
        {watched.rows.begin() + static_cast<std::ptrdiff_t>(first), watched.rows.begin() + static_cast<std::ptrdiff_t>(first + count)},
        states);
    p.resize(count * categories);
    weights.logs(states, p);
    const std::vector<double> truth = valuesOf(machine.backend(), states[labels]);
    for (std::size_t r = 0; r < count; ++r) {
      if (std::isnan(truth[r * categories])) continue;
      const double weight = watched.weights.empty() ? 1 : watched.weights[first + r];
      const std::span<double> row = std::span(p).subspan(r * categories, categories);
      normaliseLogs(row);
      add(row, std::span(truth).subspan(r * categories, categories), weight, sum);
      total += weight;
    }
  }
  return total > 0 ? LabelScores{sum.loss / total, sum.error / total} : LabelScores{none, none};
}

}  // namespace boltzkit
