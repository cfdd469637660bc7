// The ratio of the partition functions of two neighbours on a ladder of machines, from what their swaps work out anyway: the differences
//   u(x) = log p1*(x) - log p0*(x) = F_0(x) - F_1(x)
// of the chains of both. As many chains as there are columns stand on every machine; columns never meet, so the spread between them tells the
// error whatever the autocorrelation within one (the influence of a column on bennettRatio, to first order).
#pragma once
#include <span>
#include <vector>

#include "likelihood/bennett.hpp"

namespace boltzkit {

// Visits that a link remembers.
inline constexpr std::size_t linkVisits = 16;

// Columns whose spread says something: with fewer no log Z is told.
inline constexpr std::size_t leastLadderColumns = 16;

struct LinkEstimate {
  double value;                    // log(Z1 / Z0)
  std::vector<double> influences;  // what every column adds to it beyond its share, per column
  double forward, reverse;         // the same from the samples of one side alone: log <exp(u)>_0 and -log <exp(-u)>_1 (Zwanzig 1954)
};

class LadderLink {
 public:
  explicit LadderLink(std::size_t columns) : columns_(columns), values_(2 * linkVisits * columns, 0.0f) {}

  // Differences of the chains of either machine, one per column. The oldest visit is forgotten.
  void add(std::span<const double> from0, std::span<const double> from1);
  void clear() { filled_ = next_ = 0; }
  bool empty() const { return filled_ == 0; }
  LinkEstimate estimate() const;

  // [2 x linkVisits, columns], those of the first machine first; single precision, so that saving keeps them to the bit on every device.
  std::vector<float>& values() { return values_; }
  std::size_t filled() const { return filled_; }
  std::size_t next() const { return next_; }
  void restore(std::size_t filled, std::size_t next);

 private:
  std::size_t columns_, filled_ = 0, next_ = 0;
  std::vector<float> values_;
};

// From visits [visits, columns] of both sides.
LinkEstimate linkOf(std::span<const double> from0, std::span<const double> from1, std::size_t columns);

}  // namespace boltzkit
