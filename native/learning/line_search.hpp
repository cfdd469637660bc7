// A line search that ends at a point of the strong Wolfe conditions,
//   f(a) <= f(0) + c1 a f'(0)  and  |f'(a)| <= c2 |f'(0)|.
// Nocedal & Wright, Numerical Optimization (2nd ed., 2006), algorithms 3.5 and 3.6, with the cubic
// interpolation of equation 3.59, kept away from the ends of the interval.
//
// Deviation: values that are not finite count as infinitely high, so that a first step that is far
// too long only costs halvings.
#pragma once
#include <functional>

namespace boltzkit {

// The function along the line at `step`.
struct LinePoint {
  double step, value, slope;
  bool finite() const;
};

struct LineSearch {
  double c1 = 1e-4, c2 = 0.9;
  int evaluations = 20;  // at most

  // Searches from `start` (step 0, with a slope below 0), at `first` first. Returns the best point
  // found; its step is 0 if nothing below the start was found. `at` is called last at that point
  // unless `evaluations` ran out or the step is 0.
  LinePoint search(const LinePoint& start, double first, const std::function<LinePoint(double step)>& at) const;
};

}  // namespace boltzkit
