#include "ratings/gram.hpp"

#include <algorithm>
#include <vector>

#include "core/interrupt.hpp"
#include "core/progress.hpp"

namespace boltzkit::ratings {
namespace {

// Adds the entries of item i with items up to i to `sums` [i + 1].
void addRow(const RatedEntries& entries, std::span<const float> weights, bool ones, std::size_t i, double* sums) {
  const EntryRows::Row users = entries.byItem().row(i);
  for (std::size_t k = 0; k < users.size(); ++k) {
    const std::uint32_t user = users.columns[k];
    const double weight = (weights.empty() ? 1.0 : weights[user]) * static_cast<double>(users.value(k));
    if (weight == 0) continue;
    const EntryRows::Row items = entries.byUser().row(user);
    if (ones) {
      for (std::size_t m = 0; m < items.size() && items.columns[m] <= i; ++m) sums[items.columns[m]] += weight;
    } else {
      for (std::size_t m = 0; m < items.size() && items.columns[m] <= i; ++m)
        sums[items.columns[m]] += weight * static_cast<double>(items.value(m));
    }
  }
}

void fillTiles(const RatedEntries& entries, std::span<const float> weights, bool ones, std::size_t tileRow, TiledMatrix& gram,
               std::vector<double>& sums) {
  const std::size_t first = tileRow * tileSize, padded = first + tileSize;
  sums.resize(padded);
  for (std::size_t r = 0; r < tileSize; ++r) {
    const std::size_t i = first + r;
    std::fill(sums.begin(), sums.end(), 0.0);
    if (i < entries.items())
      addRow(entries, weights, ones, i, sums.data());
    else
      sums[i] = 1;
    for (std::size_t j = 0; j <= tileRow; ++j) std::copy_n(sums.data() + j * tileSize, tileSize, gram.tile(tileRow, j) + r * tileSize);
  }
  double* diagonal = gram.tile(tileRow, tileRow);
  for (std::size_t r = 0; r < tileSize; ++r)
    for (std::size_t c = r + 1; c < tileSize; ++c) diagonal[r * tileSize + c] = diagonal[c * tileSize + r];
}

}  // namespace

TiledMatrix gramMatrix(const RatedEntries& entries, std::span<const float> weights, ThreadTeam& team) {
  TiledMatrix gram(entries.items());
  const std::span<const float> values = entries.values();
  const bool ones = values.size() == 1 && values[0] == 1;
  std::vector<std::vector<double>> sums(team.threads());
  // Some rows of tiles at a time, so that an interruption is noticed; the last ones, which have most
  // work, first.
  const std::size_t side = gram.side(), group = 4 * static_cast<std::size_t>(team.threads());
  for (std::size_t done = 0; done < side; done += group) {
    Interruptible::poll();
    const std::size_t count = std::min(group, side - done);
    team.parallelFor(count,
                     [&](std::size_t t, unsigned thread) { fillTiles(entries, weights, ones, side - 1 - done - t, gram, sums[thread]); });
    Progress::report(static_cast<double>(done + count), static_cast<double>(side));
  }
  return gram;
}

}  // namespace boltzkit::ratings
