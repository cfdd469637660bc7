// Rectified units, s >= 0, U(s) = gamma s^2 / 2 - bias s with precision gamma = exp(logPrecision):
// a Gaussian unit truncated at 0.
// The exact form of the noisy rectified units of Nair & Hinton, ICML 2010; Tubiana, Cocco &
// Monasson, eLife 8 (2019).
#pragma once
#include "units/gaussian.hpp"
#include "units/truncated_normal.hpp"

namespace boltzkit {

struct Relu : Uncountable {
  static constexpr const char* name = "relu";
  static constexpr std::size_t parameters = 2;
  static constexpr const char* parameterNames[] = {"bias", "logPrecision"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true, false};
  static constexpr bool grouped = false;
  static constexpr bool linear = false;
  static constexpr bool keepsTotal = false;
  static UnitDomain domain(std::uint32_t) { return {0, unbounded}; }
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t) { return 1; }

  template <class Real>
  BOLTZKIT_HD static TruncatedNormal law(Real field, Real beta, UnitView<Real> u) {
    return TruncatedNormal::of(static_cast<double>(field + u[0]), beta, std::exp(static_cast<double>(u[1])));
  }

  template <class Real>
  BOLTZKIT_HD static Real energy(Real s, UnitView<Real> u) {
    return Gaussian::energy(s, u);
  }

  template <class Real>
  BOLTZKIT_HD static Real cumulant(Real field, Real beta, UnitView<Real> u) {
    return static_cast<Real>(law(field, beta, u).logIntegral());
  }

  template <class Real>
  BOLTZKIT_HD static Real mean(Real field, Real beta, UnitView<Real> u) {
    return static_cast<Real>(law(field, beta, u).mean());
  }

  template <class Real>
  BOLTZKIT_HD static Real variance(Real field, Real beta, UnitView<Real> u) {
    return static_cast<Real>(law(field, beta, u).variance());
  }

  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real> u) {
    return Gaussian::widest(u);
  }

  template <class Real>
  BOLTZKIT_HD static Real mode(Real field, UnitView<Real> u) {
    const Real m = Gaussian::mode(field, u);
    return m > 0 ? m : Real(0);
  }

  template <class Real>
  BOLTZKIT_HD static Real sample(Real field, Real beta, UnitView<Real> u, RowWords& words, std::uint64_t first) {
    return static_cast<Real>(law(field, beta, u).sample(words(first)));
  }

  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real> u, Real* out) {
    Gaussian::statistics(s, u, out);
  }

  template <class Real>
  BOLTZKIT_HD static void expected(Real field, Real beta, UnitView<Real> u, Real* out) {
    const TruncatedNormal t = law(field, beta, u);
    const double m = t.mean();
    out[0] = static_cast<Real>(m);
    out[1] = static_cast<Real>(-std::exp(static_cast<double>(u[1])) * (m * m + t.variance()) / 2);
  }

  static void combine(const double* p, const double* q, double weight, double* out) { Gaussian::combine(p, q, weight, out); }

  static void initialise(const double* statistics, double n, std::uint32_t size, double* p) {
    Gaussian::initialise(statistics, n, size, p);
  }
};

}  // namespace boltzkit
