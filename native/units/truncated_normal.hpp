// A normal distribution truncated to s >= 0, with density proportional to
// exp(beta (x s - gamma s^2 / 2)). ReLU and double ReLU units share it. It is computed in double
// precision with the scaled complementary error function, so nothing overflows or cancels for any
// x. With the bound in standard units, a = -x sqrt(beta / gamma):
//   log Z = log(pi / (2 beta gamma)) / 2 + log erfcx(a / sqrt 2),
//   mean = sigma (lambda - a),   lambda = phi(a) / Q(a).
#pragma once
#include "units/unit.hpp"

namespace boltzkit {

struct TruncatedNormal {
  double sigma, a;

  BOLTZKIT_HD static TruncatedNormal of(double x, double beta, double gamma) {
    return {1 / std::sqrt(beta * gamma), -x * std::sqrt(beta / gamma)};
  }

  // log of integral_0^infinity exp(beta (x s - gamma s^2 / 2)) ds.
  BOLTZKIT_HD double logIntegral() const { return 0.5 * std::log(1.5707963267948966) + std::log(sigma) + logErfcx(a * 0.7071067811865476); }

  // lambda - a. For large a the difference would lose digits, so this uses the series in 1 / a.
  BOLTZKIT_HD double excess() const {
    if (a < seriesFrom) return mills(a) - a;
    const double r = 1 / (a * a);
    return (1 - r * (2 - 10 * r)) / a;
  }

  BOLTZKIT_HD double mean() const { return sigma * excess(); }

  BOLTZKIT_HD double variance() const {
    const double r = 1 / (a * a);
    return sigma * sigma * (a < seriesFrom ? 1 - mills(a) * excess() : r * (1 - r * (6 - 50 * r)));
  }

  // Inverts the survival function: Q(s / sigma + a) = u Q(a).
  BOLTZKIT_HD double sample(std::uint32_t word) const {
    const double logU = std::log((word + 0.5) * 0x1p-32);
    if (a > 1e4) return sigma * -logU / a;  // exponential, with error of order 1 / a^2
    const double s = inverseLogSurvival(logSurvival(a) + logU) - a;
    return sigma * (s > 0 ? s : 0);
  }

 private:
  static constexpr double seriesFrom = 300;

  // log(exp(z^2) erfc(z)); uses the asymptotic series where erfc would underflow.
  BOLTZKIT_HD static double logErfcx(double z) {
    if (z < 20) return z * z + std::log(std::erfc(z));
    const double r = 1 / (z * z);
    return -std::log(z * 1.7724538509055159) + std::log1p(-r / 2 * (1 - r * 1.5 * (1 - 2.5 * r)));
  }

  // Below 0 by the complement: the difference of squares would lose all digits far below.
  BOLTZKIT_HD static double logSurvival(double x) {
    if (x < 0) return std::log1p(-std::erfc(-x * 0.7071067811865476) / 2);
    return -x * x / 2 + logErfcx(x * 0.7071067811865476) - 0.6931471805599453;
  }
  BOLTZKIT_HD static double mills(double x) { return 0.7978845608028654 * std::exp(-logErfcx(x * 0.7071067811865476)); }

  // Solves log Q(x) = target. log Q is concave, so Newton's method converges monotonically from the
  // right of the root. The bound Q(x) <= exp(-x^2 / 2) / 2 gives a start there.
  BOLTZKIT_HD static double inverseLogSurvival(double target) {
    const bool mirrored = target > -0.6931471805599453;
    const double t = mirrored ? std::log(-std::expm1(target)) : target;
    const double bound = -2 * (t + 0.6931471805599453);
    double x = std::sqrt(bound > 0 ? bound : 0);
    for (int i = 0; i < 30; ++i) {
      const double step = (logSurvival(x) - t) / mills(x);
      x += step;
      if (!(step < -1e-12 * (1 + x))) break;
    }
    return mirrored ? -x : x;
  }
};

}  // namespace boltzkit
