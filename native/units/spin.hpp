// Spins, s in {-1, +1}, U(s) = -bias s.
//   mean = tanh(beta (field + bias)),  cumulant = log 2 cosh(beta (field + bias)).
#pragma once
#include "units/unit.hpp"

namespace boltzkit {

struct Spin {
  static constexpr const char* name = "spin";
  static constexpr std::size_t parameters = 1;
  static constexpr const char* parameterNames[] = {"bias"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true};
  static constexpr bool grouped = false;
  static constexpr bool linear = true;
  static constexpr bool keepsTotal = false;
  static constexpr double states(std::uint32_t) { return 2; }
  static constexpr double state(std::uint64_t number, std::size_t) { return 2 * static_cast<double>(number) - 1; }
  // The share of state `number` in a data value; a value between -1 and 1 stands for a draw with
  // that mean.
  static constexpr double share(std::uint64_t number, const double* s) { return number == 1 ? (1 + *s) / 2 : 1 - (1 + *s) / 2; }
  // The variance of a unit with this mean.
  BOLTZKIT_HD static constexpr double spread(double mean, double) { return (1 - mean) * (1 + mean); }
  static UnitDomain domain(std::uint32_t) { return {-1, 1}; }  // a value in between is a mean
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t) { return 1; }

  template <class Real>
  BOLTZKIT_HD static Real energy(Real s, UnitView<Real> u) {
    return -u[0] * s;
  }

  template <class Real>
  BOLTZKIT_HD static Real cumulant(Real field, Real beta, UnitView<Real> u) {
    const Real x = std::fabs(beta * (field + u[0]));
    return x + std::log1p(std::exp(-2 * x));
  }

  template <class Real>
  BOLTZKIT_HD static Real mean(Real field, Real beta, UnitView<Real> u) {
    return std::tanh(beta * (field + u[0]));
  }

  template <class Real>
  BOLTZKIT_HD static Real variance(Real field, Real beta, UnitView<Real> u) {
    const Real m = mean(field, beta, u);
    return (Real(1) - m) * (Real(1) + m);
  }

  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real>) {
    return 1;
  }

  template <class Real>
  BOLTZKIT_HD static Real mode(Real field, UnitView<Real> u) {
    return field + u[0] > 0 ? Real(1) : Real(-1);
  }

  // p(+1) = sigmoid(2 beta x).
  template <class Real>
  BOLTZKIT_HD static Real sample(Real field, Real beta, UnitView<Real> u, RowWords& words, std::uint64_t first) {
    const Real up = Real(1) / (Real(1) + std::exp(-2 * beta * (field + u[0])));
    return uniform<Real>(words(first)) < up ? Real(1) : Real(-1);
  }

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

  // artanh of the mean, shrunk by one extra row that is half -1 and half +1.
  static void initialise(const double* statistics, double n, std::uint32_t, double* p) { p[0] = std::atanh(statistics[0] * n / (n + 1)); }
};

}  // namespace boltzkit
