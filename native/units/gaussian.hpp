// Gaussian units with learned variance, s real, U(s) = gamma s^2 / 2 - bias s with precision
// gamma = exp(logPrecision).
//   s | field ~ N((field + bias) / gamma, 1 / (beta gamma)),
//   cumulant = (log(2 pi / (beta gamma)) + beta (field + bias)^2 / gamma) / 2.
// The parameter is the logarithm of the precision, so no step can make a variance negative.
#pragma once
#include "units/unit.hpp"

namespace boltzkit {

// A standard normal number from two words (Box & Muller 1958).
template <class Real>
BOLTZKIT_HD inline Real standardNormal(std::uint32_t a, std::uint32_t b) {
  const Real radius = std::sqrt(Real(-2) * std::log((static_cast<Real>(a >> 8) + Real(0.5)) * Real(0x1p-24)));
  return radius * std::cos(Real(6.283185307179586) * uniform<Real>(b));
}

// log(exp(p) + weight exp(q)), weight >= 0, without overflow.
inline double addedPrecisions(double p, double q, double weight) {
  if (weight == 0) return p;
  const double a = p, b = q + std::log(weight);
  return (a > b ? a : b) + std::log1p(std::exp(-std::fabs(a - b)));
}

// The start value of a unit's variance, from n rows with this mean and variance.
// Lower limit: mean^2 / 10^4, kept between 1e-4 and 1. A narrower unit so far from zero could not
// be trained, and single precision could not resolve its spread. If the data vary less than this
// limit, the variance is unknown: then it is 1 / n (1 if n <= 1), or the limit if that is larger.
inline double startVariance(double mean, double variance, double n) {
  const double relative = mean * mean * 1e-4, least = relative < 1e-4 ? 1e-4 : relative > 1 ? 1 : relative;
  if (variance > least) return variance;
  const double unknown = n > 1 ? 1 / n : 1;
  return unknown > least ? unknown : least;
}

struct Gaussian : Uncountable {
  static constexpr const char* name = "gaussian";
  static constexpr std::size_t parameters = 2;
  static constexpr const char* parameterNames[] = {"bias", "logPrecision"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true, false};
  static constexpr bool grouped = false;
  static constexpr bool linear = false;
  static constexpr bool keepsTotal = false;
  static UnitDomain domain(std::uint32_t) { return {-unbounded, unbounded}; }
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t) { return 2; }

  template <class Real>
  BOLTZKIT_HD static Real energy(Real s, UnitView<Real> u) {
    return std::exp(u[1]) * s * s / 2 - u[0] * s;
  }

  template <class Real>
  BOLTZKIT_HD static Real cumulant(Real field, Real beta, UnitView<Real> u) {
    const Real x = field + u[0];
    return (std::log(Real(6.283185307179586) / beta) - u[1] + beta * x * x * std::exp(-u[1])) / 2;
  }

  template <class Real>
  BOLTZKIT_HD static Real mean(Real field, Real, UnitView<Real> u) {
    return (field + u[0]) * std::exp(-u[1]);
  }

  template <class Real>
  BOLTZKIT_HD static Real variance(Real, Real beta, UnitView<Real> u) {
    return std::exp(-u[1]) / beta;
  }

  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real> u) {
    return std::exp(-u[1] / 2);
  }

  template <class Real>
  BOLTZKIT_HD static Real mode(Real field, UnitView<Real> u) {
    return mean(field, Real(1), u);
  }

  template <class Real>
  BOLTZKIT_HD static Real sample(Real field, Real beta, UnitView<Real> u, RowWords& words, std::uint64_t first) {
    const std::uint32_t a = words(first), b = words(first + 1);
    return mean(field, beta, u) + std::sqrt(variance(field, beta, u)) * standardNormal<Real>(a, b);
  }

  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real> u, Real* out) {
    out[0] = s;
    out[1] = -std::exp(u[1]) * s * s / 2;
  }

  template <class Real>
  BOLTZKIT_HD static void expected(Real field, Real beta, UnitView<Real> u, Real* out) {
    const Real m = mean(field, beta, u);
    out[0] = m;
    out[1] = -std::exp(u[1]) * (m * m + variance(field, beta, u)) / 2;
  }

  // The parameters of the energy U_p + weight U_q: biases and precisions add up.
  static void combine(const double* p, const double* q, double weight, double* out) {
    out[0] = p[0] + weight * q[0];
    out[1] = addedPrecisions(p[1], q[1], weight);
  }

  // Starts from mean and variance of the data.
  static void initialise(const double* statistics, double n, std::uint32_t, double* p) {
    const double m = statistics[0], precision = 1 / startVariance(m, -2 * statistics[1] - m * m, n);
    p[0] = m * precision;
    p[1] = std::log(precision);
  }
};

}  // namespace boltzkit
