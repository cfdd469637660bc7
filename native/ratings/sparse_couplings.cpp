#include "ratings/sparse_couplings.hpp"

#include <algorithm>
#include <cmath>

#include "core/interrupt.hpp"
#include "core/progress.hpp"
#include "ratings/small_cholesky.hpp"

namespace boltzkit::ratings {
namespace {

// Items that one loop over all threads solves, so that an interruption is noticed.
constexpr std::size_t itemsAtOnce = 64;

double weightOf(std::span<const float> weights, std::uint32_t user) { return weights.empty() ? 1.0 : static_cast<double>(weights[user]); }

// Of one thread.
struct Scratch {
  std::vector<double> row, marks;  // [items], [users]; zeros between uses
  std::vector<std::uint32_t> touched;
  std::vector<std::uint32_t> near;
  std::vector<double> block, right, solution;
};

struct Column {
  std::vector<std::uint32_t> items;  // rising
  std::vector<float> values;
};

class Solver {
 public:
  Solver(const RatedEntries& entries, std::span<const float> weights, std::span<const double> ridge, std::size_t neighbours)
      : entries_(entries), weights_(weights), ridge_(ridge), neighbours_(neighbours), diagonal_(gramDiagonal(entries, weights)) {}

  // Fills the column of item j and returns P_jj.
  double solve(std::size_t j, Scratch& s, Column& column) const {
    s.row.resize(entries_.items());
    s.marks.resize(entries_.users());
    findNear(j, s);
    const std::size_t count = s.near.size();
    fillBlock(s);
    s.solution = s.right;
    if (!smallCholesky(s.block.data(), count)) throw parameterError("the regularisation is too small: a block of neighbours is singular");
    smallSolve(s.block.data(), count, s.solution.data());
    double explained = 0;
    for (std::size_t k = 0; k < count; ++k) explained += s.solution[k] * s.right[k];
    column.items = s.near;
    column.values.assign(s.solution.begin(), s.solution.end());
    return 1 / (diagonal_[j] + ridge_[j] - explained);
  }

 private:
  // The neighbours of item j, rising, and their elements of its row of G in `right`.
  void findNear(std::size_t j, Scratch& s) const {
    const EntryRows::Row users = entries_.byItem().row(j);
    s.touched.clear();
    for (std::size_t k = 0; k < users.size(); ++k) {
      const double weight = weightOf(weights_, users.columns[k]) * static_cast<double>(users.value(k));
      const EntryRows::Row items = entries_.byUser().row(users.columns[k]);
      for (std::size_t m = 0; m < items.size(); ++m) {
        double& sum = s.row[items.columns[m]];
        if (sum == 0) s.touched.push_back(items.columns[m]);
        sum += weight * static_cast<double>(items.value(m));
      }
    }
    s.near.clear();
    for (const std::uint32_t i : s.touched)
      if (i != j && s.row[i] != 0 && (s.near.empty() || s.near.back() != i)) s.near.push_back(i);
    std::sort(s.near.begin(), s.near.end());
    s.near.erase(std::unique(s.near.begin(), s.near.end()), s.near.end());
    const auto cosine = [&](std::uint32_t i) { return s.row[i] / std::sqrt(diagonal_[i]); };
    if (s.near.size() > neighbours_) {
      const auto nearer = [&](std::uint32_t a, std::uint32_t b) {
        const double x = cosine(a), y = cosine(b);
        return x != y ? x > y : a < b;
      };
      std::nth_element(s.near.begin(), s.near.begin() + static_cast<std::ptrdiff_t>(neighbours_), s.near.end(), nearer);
      s.near.resize(neighbours_);
      std::sort(s.near.begin(), s.near.end());
    }
    s.right.clear();
    for (const std::uint32_t i : s.near) s.right.push_back(s.row[i]);
    for (const std::uint32_t i : s.touched) s.row[i] = 0;
  }

  // The lower half of G_NN + diag(ridge_N).
  void fillBlock(Scratch& s) const {
    const std::size_t count = s.near.size();
    s.block.assign(count * count, 0);
    for (std::size_t r = 0; r < count; ++r) {
      const EntryRows::Row own = entries_.byItem().row(s.near[r]);
      for (std::size_t k = 0; k < own.size(); ++k)
        s.marks[own.columns[k]] = weightOf(weights_, own.columns[k]) * static_cast<double>(own.value(k));
      for (std::size_t c = 0; c < r; ++c) {
        const EntryRows::Row other = entries_.byItem().row(s.near[c]);
        double sum = 0;
        for (std::size_t k = 0; k < other.size(); ++k) sum += s.marks[other.columns[k]] * static_cast<double>(other.value(k));
        s.block[r * count + c] = sum;
      }
      s.block[r * count + r] = diagonal_[s.near[r]] + ridge_[s.near[r]];
      for (const std::uint32_t user : own.columns) s.marks[user] = 0;
    }
  }

  const RatedEntries& entries_;
  std::span<const float> weights_;
  std::span<const double> ridge_;
  const std::size_t neighbours_;
  std::vector<double> diagonal_;
};

}  // namespace

std::vector<double> gramDiagonal(const RatedEntries& entries, std::span<const float> weights) {
  std::vector<double> diagonal(entries.items(), 0);
  for (std::size_t i = 0; i < entries.items(); ++i) {
    const EntryRows::Row users = entries.byItem().row(i);
    for (std::size_t k = 0; k < users.size(); ++k) {
      const double value = users.value(k);
      diagonal[i] += weightOf(weights, users.columns[k]) * value * value;
    }
  }
  return diagonal;
}

SparseCouplings sparseCouplings(const RatedEntries& entries, std::span<const float> weights, std::span<const double> ridge,
                                std::size_t neighbours, ThreadTeam& team) {
  const std::size_t n = entries.items();
  const Solver solver(entries, weights, ridge, neighbours);
  std::vector<Scratch> scratch(team.threads());
  std::vector<Column> columns(n);
  SparseCouplings made;
  made.precisions.resize(n);
  for (std::size_t first = 0; first < n; first += itemsAtOnce) {
    Interruptible::poll();
    const std::size_t count = std::min(itemsAtOnce, n - first);
    team.parallelFor(count, [&](std::size_t t, unsigned thread) {
      made.precisions[first + t] = solver.solve(first + t, scratch[thread], columns[first + t]);
    });
    Progress::report(static_cast<double>(first + count), static_cast<double>(n));
  }
  // Columns become rows; columns come in rising order, so rows rise.
  std::vector<std::uint64_t> sizes(n + 1, 0);
  for (const Column& column : columns)
    for (const std::uint32_t i : column.items) ++sizes[i + 1];
  for (std::size_t i = 0; i < n; ++i) sizes[i + 1] += sizes[i];
  if (sizes[n] > 0xffffffffull) throw parameterError("sparse couplings must be fewer than 2^32; take fewer neighbours");
  made.offsets.assign(sizes.begin(), sizes.end());
  made.items.resize(sizes[n]);
  made.values.resize(sizes[n]);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < columns[j].items.size(); ++k) {
      const std::uint64_t place = sizes[columns[j].items[k]]++;
      made.items[place] = static_cast<std::uint32_t>(j);
      made.values[place] = columns[j].values[k];
    }
  return made;
}

void scoreSparse(std::span<const std::uint32_t> offsets, std::span<const std::uint32_t> items, std::span<const float> values,
                 const UserRows& rows, std::size_t count, ThreadTeam& team, std::span<float> out) {
  team.parallelFor(rows.users(), [&](std::size_t u, unsigned) {
    float* scores = out.data() + u * count;
    std::fill_n(scores, count, 0.0f);
    for (std::size_t e = rows.offsets[u]; e < rows.offsets[u + 1]; ++e)
      for (std::size_t k = offsets[rows.items[e]]; k < offsets[rows.items[e] + 1]; ++k) scores[items[k]] += rows.values[e] * values[k];
  });
}

}  // namespace boltzkit::ratings
