// Bernoulli units, s in {0, 1}, U(s) = -bias * s.
//   p(s = 1 | field) = sigmoid(beta (field + bias)),  cumulant = log(1 + exp(beta (field + bias))).
// Fields exclude the bias; `p` points at this unit's first parameter, parameter k stands at p[k * stride].
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/random.hpp"

namespace boltzkit {

struct Bernoulli {
  static constexpr const char* name = "bernoulli";
  static constexpr std::size_t parameters = 1;
  static constexpr const char* parameterNames[] = {"bias"};
  static constexpr double low = 0, high = 1;  // the domain of data: a value between the ends is a probability
  static constexpr std::size_t wordsPerUnit = 1;

  template <class Real>
  BOLTZKIT_HD static Real energy(Real s, const Real* p, std::size_t) {
    return -p[0] * s;
  }

  // log(1 + e^x) without overflow for large x and without cancellation for very negative x.
  template <class Real>
  BOLTZKIT_HD static Real cumulant(Real field, Real beta, const Real* p, std::size_t) {
    const Real x = beta * (field + p[0]);
    return (x > 0 ? x : Real(0)) + std::log1p(std::exp(-std::fabs(x)));
  }

  template <class Real>
  BOLTZKIT_HD static Real mean(Real field, Real beta, const Real* p, std::size_t) {
    return Real(1) / (Real(1) + std::exp(-beta * (field + p[0])));
  }

  template <class Real>
  BOLTZKIT_HD static Real variance(Real field, Real beta, const Real* p, std::size_t stride) {
    const Real m = mean(field, beta, p, stride);
    return m * (Real(1) - m);
  }

  template <class Real>
  BOLTZKIT_HD static Real mode(Real field, const Real* p, std::size_t) {
    return field + p[0] > 0 ? Real(1) : Real(0);
  }

  template <class Real>
  BOLTZKIT_HD static Real sample(Real field, Real beta, const Real* p, std::size_t stride, const std::uint32_t* words) {
    return uniform<Real>(words[0]) < mean(field, beta, p, stride) ? Real(1) : Real(0);
  }

  // out[k] = -dU/dp[k], the statistic whose mean the parameter's gradient compares between data and model.
  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, Real* out) {
    out[0] = s;
  }

  // Start values from the data mean of the unit over n rows: the logit of the mean smoothed by one row split evenly.
  template <class Real>
  static void initialise(double mean, double n, Real* p, std::size_t) {
    const double m = (mean * n + 0.5) / (n + 1);
    p[0] = static_cast<Real>(std::log(m / (1 - m)));
  }
};

}  // namespace boltzkit
