// Double rectified units (dReLU), s real, with a bias and a precision for each sign:
//   U(s) = gammaUp s^2 / 2 - biasUp s for s >= 0,  gammaDown s^2 / 2 - biasDown s for s < 0.
// With equal sides this is a Gaussian unit. If biasUp - biasDown > 0, a unit can have two modes.
// Tubiana, Cocco & Monasson, eLife 8 (2019), e39397.
#pragma once
#include "units/gaussian.hpp"
#include "units/truncated_normal.hpp"

namespace boltzkit {

struct DoubleRelu : Uncountable {
  static constexpr const char* name = "doubleRelu";
  static constexpr std::size_t parameters = 4;
  static constexpr const char* parameterNames[] = {"biasUp", "logPrecisionUp", "biasDown", "logPrecisionDown"};
  // Marks parameters that act like a constant field.
  static constexpr bool isBias[] = {true, false, true, false};
  static constexpr bool grouped = false;
  static constexpr bool linear = false;
  static constexpr bool keepsTotal = false;
  static UnitDomain domain(std::uint32_t) { return {-unbounded, unbounded}; }
  BOLTZKIT_HD static constexpr std::uint64_t words(std::uint32_t) { return 2; }

  // The positive side, the negative side mirrored, and the probability of the positive side.
  struct Sides {
    TruncatedNormal up, down;
    double pUp, logIntegral;
  };

  template <class Real>
  BOLTZKIT_HD static Sides sides(Real field, Real beta, UnitView<Real> u) {
    Sides s{TruncatedNormal::of(static_cast<double>(field + u[0]), beta, std::exp(static_cast<double>(u[1]))),
            TruncatedNormal::of(-static_cast<double>(field + u[2]), beta, std::exp(static_cast<double>(u[3]))), 0, 0};
    const double up = s.up.logIntegral(), down = s.down.logIntegral(), d = up - down;
    s.pUp = 1 / (1 + std::exp(-d));
    s.logIntegral = (d > 0 ? up : down) + std::log1p(std::exp(-std::fabs(d)));
    return s;
  }

  template <class Real>
  BOLTZKIT_HD static Real energy(Real s, UnitView<Real> u) {
    return s >= 0 ? std::exp(u[1]) * s * s / 2 - u[0] * s : std::exp(u[3]) * s * s / 2 - u[2] * s;
  }

  template <class Real>
  BOLTZKIT_HD static Real cumulant(Real field, Real beta, UnitView<Real> u) {
    return static_cast<Real>(sides(field, beta, u).logIntegral);
  }

  template <class Real>
  BOLTZKIT_HD static Real mean(Real field, Real beta, UnitView<Real> u) {
    const Sides s = sides(field, beta, u);
    return static_cast<Real>(s.pUp * s.up.mean() - (1 - s.pUp) * s.down.mean());
  }

  template <class Real>
  BOLTZKIT_HD static Real variance(Real field, Real beta, UnitView<Real> u) {
    const Sides s = sides(field, beta, u);
    const double up = s.up.mean(), down = s.down.mean();
    return static_cast<Real>(s.pUp * s.up.variance() + (1 - s.pUp) * s.down.variance() + s.pUp * (1 - s.pUp) * (up + down) * (up + down));
  }

  // Unbounded, since two modes may be any distance apart.
  template <class Real>
  BOLTZKIT_HD static Real widest(UnitView<Real>) {
    return std::numeric_limits<Real>::infinity();
  }

  // The lower of the minima of U - field s on the two sides; 0 if neither side has one.
  template <class Real>
  BOLTZKIT_HD static Real mode(Real field, UnitView<Real> u) {
    const Real up = field + u[0], down = field + u[2];
    const Real gainUp = up > 0 ? up * up * std::exp(-u[1]) : Real(0), gainDown = down < 0 ? down * down * std::exp(-u[3]) : Real(0);
    if (gainUp == 0 && gainDown == 0) return 0;
    return gainUp >= gainDown ? up * std::exp(-u[1]) : down * std::exp(-u[3]);
  }

  template <class Real>
  BOLTZKIT_HD static Real sample(Real field, Real beta, UnitView<Real> u, RowWords& words, std::uint64_t first) {
    const Sides s = sides(field, beta, u);
    const std::uint32_t side = words(first), place = words(first + 1);
    return static_cast<Real>(uniform<double>(side) < s.pUp ? s.up.sample(place) : -s.down.sample(place));
  }

  template <class Real>
  BOLTZKIT_HD static void statistics(Real s, UnitView<Real> u, Real* out) {
    const int at = s >= 0 ? 0 : 2;
    out[2 - at] = out[3 - at] = 0;
    out[at] = s;
    out[at + 1] = -std::exp(u[at + 1]) * s * s / 2;
  }

  template <class Real>
  BOLTZKIT_HD static void expected(Real field, Real beta, UnitView<Real> u, Real* out) {
    const Sides s = sides(field, beta, u);
    const double up = s.up.mean(), down = s.down.mean();
    out[0] = static_cast<Real>(s.pUp * up);
    out[1] = static_cast<Real>(-s.pUp * std::exp(static_cast<double>(u[1])) * (up * up + s.up.variance()) / 2);
    out[2] = static_cast<Real>(-(1 - s.pUp) * down);
    out[3] = static_cast<Real>(-(1 - s.pUp) * std::exp(static_cast<double>(u[3])) * (down * down + s.down.variance()) / 2);
  }

  // The parameters of the energy U_p + weight U_q, separately for each side.
  static void combine(const double* p, const double* q, double weight, double* out) {
    Gaussian::combine(p, q, weight, out);
    Gaussian::combine(p + 2, q + 2, weight, out + 2);
  }

  // Both sides start from the common mean and variance. Statistics at zero parameters hold the
  // moments of each sign, the second one times -1/2.
  static void initialise(const double* statistics, double n, std::uint32_t, double* p) {
    const double m = statistics[0] + statistics[2];
    const double precision = 1 / startVariance(m, -2 * (statistics[1] + statistics[3]) - m * m, n);
    p[0] = p[2] = m * precision;
    p[1] = p[3] = std::log(precision);
  }
};

}  // namespace boltzkit
