// Estimates with 95 % intervals.
#pragma once
#include <span>

namespace boltzkit {

struct Interval {
  double value, low, high;
  bool contains(double x) const { return low <= x && x <= high; }
};

// value -+ t * standardError, with t the 97.5 % quantile of Student's distribution.
Interval studentInterval(double value, double standardError, double degreesOfFreedom);

// log of the mean of exp(u), for log weights u of independent samples. To first order its standard
// error is the standard error of the mean divided by the mean.
Interval logMeanInterval(std::span<const double> u);

// (sum w)^2 / sum w^2 of weights w = exp(u): the number of equally weighted samples that are worth
// as much (Kong, Liu & Wong 1994).
double effectiveSampleSize(std::span<const double> u);

}  // namespace boltzkit
