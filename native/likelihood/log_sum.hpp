// Logarithms of sums of exponentials, in double precision.
#pragma once
#include <cmath>
#include <limits>
#include <span>

namespace boltzkit {

// Adds up exp(x) one number at a time. The order affects only the last bits.
class LogSum {
 public:
  void add(double x) {
    if (x > highest_) {
      sum_ = sum_ * std::exp(highest_ - x) + 1;
      highest_ = x;
    } else if (x != -std::numeric_limits<double>::infinity()) {  // passes NaN on
      sum_ += std::exp(x - highest_);
    }
  }
  // log of the sum; minus infinity if nothing was added.
  double value() const { return highest_ + std::log(sum_); }

 private:
  double highest_ = -std::numeric_limits<double>::infinity(), sum_ = 0;
};

// log of the mean of exp(x); x must not be empty.
inline double logMean(std::span<const double> x) {
  LogSum sum;
  for (const double value : x) sum.add(value);
  return sum.value() - std::log(static_cast<double>(x.size()));
}

}  // namespace boltzkit
