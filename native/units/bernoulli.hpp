// Bernoulli units, s in {0, 1}, U(s) = -bias s.
//   p(s = 1 | field) = sigmoid(beta (field + bias)),  cumulant = log(1 + exp(beta (field + bias))).
#pragma once
#include "units/unit.hpp"

namespace boltzkit {

struct Bernoulli {
  static constexpr const char* name = "bernoulli";
  static constexpr std::size_t parameters = 1;
  static constexpr const char* parameterNames[] = {"bias"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true};
  static constexpr bool grouped = false;
  // The statistics are linear in the state, so a mean may stand for a state.
  static constexpr bool linear = true;
  static constexpr bool keepsTotal = false;
  static constexpr double states(std::uint32_t) { return 2; }
  static constexpr double state(std::uint64_t number, std::size_t) { return static_cast<double>(number); }
  // The share of state `number` in a data value; a value between 0 and 1 stands for a draw with
  // that mean.
  static constexpr double share(std::uint64_t number, const double* s) { return number == 1 ? *s : 1 - *s; }
  // The variance of a unit with this mean.
  BOLTZKIT_HD static constexpr double spread(double mean, double) { return mean * (1 - mean); }
  static UnitDomain domain(std::uint32_t) { return {0, 1}; }  // a value in between is a probability
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t) { return 1; }

  template <class Real>
  BOLTZKIT_HD static Real energy(Real s, UnitView<Real> u) {
    return -u[0] * s;
  }

  // log(1 + e^x) without overflow for large x or cancellation for very negative x.
  template <class Real>
  BOLTZKIT_HD static Real cumulant(Real field, Real beta, UnitView<Real> u) {
    const Real x = beta * (field + u[0]);
    return (x > 0 ? x : Real(0)) + std::log1p(std::exp(-std::fabs(x)));
  }

  template <class Real>
  BOLTZKIT_HD static Real mean(Real field, Real beta, UnitView<Real> u) {
    return Real(1) / (Real(1) + std::exp(-beta * (field + u[0])));
  }

  template <class Real>
  BOLTZKIT_HD static Real variance(Real field, Real beta, UnitView<Real> u) {
    const Real m = mean(field, beta, u);
    return m * (Real(1) - m);
  }

  // Upper bound on the standard deviation of a unit over all fields, at beta = 1.
  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real>) {
    return Real(0.5);
  }

  template <class Real>
  BOLTZKIT_HD static Real mode(Real field, UnitView<Real> u) {
    return field + u[0] > 0 ? Real(1) : Real(0);
  }

  template <class Real>
  BOLTZKIT_HD static Real sample(Real field, Real beta, UnitView<Real> u, RowWords& words, std::uint64_t first) {
    return uniform<Real>(words(first)) < mean(field, beta, u) ? Real(1) : Real(0);
  }

  // out[k] = -dU/dp[k]. The gradient of p[k] is the difference of this statistic's mean between
  // data and model.
  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real>, Real* out) {
    out[0] = s;
  }

  template <class Real>
  BOLTZKIT_HD static void expected(Real field, Real beta, UnitView<Real> u, Real* out) {
    out[0] = mean(field, beta, u);
  }

  // The parameters of the energy U_p + weight U_q.
  static void combine(const double* p, const double* q, double weight, double* out) { out[0] = p[0] + weight * q[0]; }

  // Start parameters from the mean statistics of n rows, taken at zero parameters: the logit of the
  // mean, smoothed by one extra row that is half 0 and half 1.
  static void initialise(const double* statistics, double n, std::uint32_t, double* p) {
    const double m = (statistics[0] * n + 0.5) / (n + 1);
    p[0] = std::log(m / (1 - m));
  }
};

}  // namespace boltzkit
