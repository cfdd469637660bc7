// Binomial units, s in {0 ... size}: the number of ones among `size` Bernoulli trials that share
// bias and weights. U(s) = -bias s with the measure C(size, s).
//   cumulant = size log(1 + exp(beta (field + bias))),  mean = size sigmoid(beta (field + bias)).
// Teh & Hinton, "Rate-coded restricted Boltzmann machines for face recognition", NIPS 13 (2001).
#pragma once
#include "units/bernoulli.hpp"
#include "units/trials.hpp"

namespace boltzkit {

struct Binomial {
  using Unmeasured = Bernoulli;
  static constexpr const char* name = "binomial";
  static constexpr std::size_t parameters = 1;
  static constexpr const char* parameterNames[] = {"bias"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true};
  static constexpr bool grouped = false;
  static constexpr bool linear = true;
  static constexpr bool keepsTotal = false;
  static constexpr double states(std::uint32_t trials) { return trials + 1.0; }
  static constexpr double state(std::uint64_t number, std::size_t) { return static_cast<double>(number); }
  static constexpr double share(std::uint64_t number, const double* s) { return *s == static_cast<double>(number) ? 1 : 0; }
  // The variance of a unit with this mean; `total` is the number of trials.
  BOLTZKIT_HD static constexpr double spread(double mean, double total) { return mean * (1 - mean / total); }
  static UnitDomain domain(std::uint32_t trials) { return {0, static_cast<double>(trials), true}; }
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t trials) { return trials; }

  // U(s) - log measure(s).
  template <class Real>
  BOLTZKIT_HD static Real energy(Real s, UnitView<Real> u) {
    const double n = u.size, ones = s;
    return static_cast<Real>(std::lgamma(ones + 1) + std::lgamma(n - ones + 1) - std::lgamma(n + 1) - static_cast<double>(u[0]) * ones);
  }

  template <class Real>
  BOLTZKIT_HD static Real cumulant(Real field, Real beta, UnitView<Real> u) {
    return static_cast<Real>(u.size) * Bernoulli::cumulant(field, beta, u);
  }

  template <class Real>
  BOLTZKIT_HD static Real mean(Real field, Real beta, UnitView<Real> u) {
    return static_cast<Real>(u.size) * Bernoulli::mean(field, beta, u);
  }

  template <class Real>
  BOLTZKIT_HD static Real variance(Real field, Real beta, UnitView<Real> u) {
    return static_cast<Real>(u.size) * Bernoulli::variance(field, beta, u);
  }

  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real> u) {
    return std::sqrt(static_cast<Real>(u.size)) / 2;
  }

  // floor((size + 1) p): the larger of two neighbours if both are modes.
  template <class Real>
  BOLTZKIT_HD static Real mode(Real field, UnitView<Real> u) {
    const Real n = static_cast<Real>(u.size), m = std::floor((n + 1) * Bernoulli::mean(field, Real(1), u));
    return m > n ? n : m;
  }

  // Uses at most one word per trial.
  template <class Real>
  BOLTZKIT_HD static Real sample(Real field, Real beta, UnitView<Real> u, RowWords& words, std::uint64_t first) {
    RowBits bits(words, first);
    return static_cast<Real>(successes(u.size, static_cast<double>(Bernoulli::mean(field, beta, u)), bits));
  }

  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real>, Real* out) {
    out[0] = s;
  }

  template <class Real>
  BOLTZKIT_HD static void expected(Real field, Real beta, UnitView<Real> u, Real* out) {
    out[0] = mean(field, beta, u);
  }

  // The parameters of the energy U_p + weight U_q; the measure is unchanged.
  static void combine(const double* p, const double* q, double weight, double* out) { out[0] = p[0] + weight * q[0]; }

  static void initialise(const double* statistics, double n, std::uint32_t trials, double* p) {
    const double perTrial = statistics[0] / trials;
    Bernoulli::initialise(&perTrial, n * trials, 1, p);
  }
};

}  // namespace boltzkit
