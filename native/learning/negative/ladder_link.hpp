// The ratio of the partition functions of two neighbours on a ladder of machines. It uses the
// differences
//   u(x) = log p1*(x) - log p0*(x) = F_0(x) - F_1(x)
// of the chains of both machines, which their swaps compute anyway. Every machine has one chain per
// column. Columns never meet, so the spread between columns gives the error, whatever the
// autocorrelation within one (the influence of a column on bennettRatio, to first order).
#pragma once
#include <span>
#include <vector>

#include "likelihood/bennett.hpp"

namespace boltzkit {

// Number of visits that a link keeps.
inline constexpr std::size_t linkVisits = 16;

// Smallest number of columns for a useful spread. With fewer, no log Z is reported.
inline constexpr std::size_t leastLadderColumns = 16;

struct LinkEstimate {
  double value;  // log(Z1 / Z0)
  // Per column: its contribution to `value` beyond its share.
  std::vector<double> influences;
  // The same from the samples of one side alone: log <exp(u)>_0 and -log <exp(-u)>_1 (Zwanzig
  // 1954).
  double forward, reverse;
};

class LadderLink {
 public:
  explicit LadderLink(std::size_t columns) : columns_(columns), values_(2 * linkVisits * columns, 0.0f) {}

  // Adds the differences of the chains of each machine, one per column. Replaces the oldest visit.
  // Skips visits with values that are not finite.
  void add(std::span<const double> from0, std::span<const double> from1);
  void clear() { filled_ = next_ = 0; }
  bool empty() const { return filled_ == 0; }
  LinkEstimate estimate() const;

  // [2 x linkVisits, columns], those of the first machine first. Single precision, so that saved
  // values are exact on every device.
  std::vector<float>& values() { return values_; }
  std::size_t filled() const { return filled_; }
  std::size_t next() const { return next_; }
  void restore(std::size_t filled, std::size_t next);

 private:
  std::size_t columns_, filled_ = 0, next_ = 0;
  std::vector<float> values_;
};

// Estimates the ratio from the visits [visits, columns] of both sides.
LinkEstimate linkOf(std::span<const double> from0, std::span<const double> from1, std::size_t columns);

}  // namespace boltzkit
