// Estimates with 95 % intervals.
#pragma once
#include <span>

namespace boltzkit {

struct Interval {
  double value, low, high;
  bool contains(double x) const { return low <= x && x <= high; }
};

// value -+ t * standardError with the 97.5 % quantile of Student's t.
Interval studentInterval(double value, double standardError, double degreesOfFreedom);

// log of the mean of exp(u), u log weights of independent samples: to first order the standard error is that of the mean over the mean.
Interval logMeanInterval(std::span<const double> u);

// (sum w)^2 / sum w^2 of weights w = exp(u): how many samples of equal weight are worth as much (Kong, Liu & Wong 1994).
double effectiveSampleSize(std::span<const double> u);

}  // namespace boltzkit
