#include "learning/line_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace boltzkit {
namespace {

// The lowest point of the cubic through both values and slopes, at least a tenth of the interval
// away from its ends; the middle where there is none.
double between(const LinePoint& a, const LinePoint& b) {
  const double low = std::min(a.step, b.step), high = std::max(a.step, b.step), middle = (low + high) / 2;
  if (!a.finite() || !b.finite()) return middle;
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step);
  const double square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return middle;
  const double d2 = std::copysign(std::sqrt(square), b.step - a.step);
  const double step = b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  const double margin = (high - low) / 10;
  return std::isfinite(step) ? std::clamp(step, low + margin, high - margin) : middle;
}

class Search {
 public:
  Search(const LineSearch& rules, const LinePoint& start, const std::function<LinePoint(double)>& at)
      : rules_(rules), start_(start), at_(at), left_(rules.evaluations) {}

  LinePoint run(double first) {
    LinePoint before = start_;
    double step = first;
    while (left_ > 0) {
      const LinePoint now = evaluate(step);
      if (!low(now) || (before.step > 0 && now.value >= before.value)) return zoom(before, now);
      if (flat(now)) return now;
      if (now.slope >= 0) return zoom(now, before);
      before = now;
      step = 2 * now.step;
    }
    return before;
  }

 private:
  LinePoint evaluate(double step) {
    --left_;
    return at_(step);
  }
  bool low(const LinePoint& p) const { return p.finite() && p.value <= start_.value + rules_.c1 * p.step * start_.slope; }
  bool flat(const LinePoint& p) const { return std::fabs(p.slope) <= -rules_.c2 * start_.slope; }

  // `best` is the lowest point so far; the slope there points to `other`.
  LinePoint zoom(LinePoint best, LinePoint other) {
    while (left_ > 0) {
      const LinePoint now = evaluate(between(best, other));
      if (!low(now) || now.value >= best.value) {
        other = now;
      } else {
        if (flat(now)) return now;
        if (now.slope * (other.step - best.step) >= 0) other = best;
        best = now;
      }
      if (std::fabs(best.step - other.step) <= 1e-12 * std::max(best.step, other.step)) break;
    }
    return best;
  }

  const LineSearch& rules_;
  const LinePoint start_;
  const std::function<LinePoint(double)>& at_;
  int left_;
};

}  // namespace

bool LinePoint::finite() const { return std::isfinite(value) && std::isfinite(slope); }

LinePoint LineSearch::search(const LinePoint& start, double first, const std::function<LinePoint(double)>& at) const {
  return Search(*this, start, at).run(first);
}

}  // namespace boltzkit
