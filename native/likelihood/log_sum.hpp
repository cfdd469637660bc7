// Sums of exponentials by their logarithms, in double precision.
#pragma once
#include <cmath>
#include <limits>
#include <span>

namespace boltzkit {

// Adds up exp(x) of numbers that are met one by one; order matters only to the last bits.
class LogSum {
 public:
  void add(double x) {
    if (x > highest_) {
      sum_ = sum_ * std::exp(highest_ - x) + 1;
      highest_ = x;
    } else if (x != -std::numeric_limits<double>::infinity()) {  // NaN is passed on
      sum_ += std::exp(x - highest_);
    }
  }
  // log of the sum; minus infinity for none.
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
