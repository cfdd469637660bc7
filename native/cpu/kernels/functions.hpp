// exp, the logistic function and log1p to float accuracy. Every instruction set performs the same
// operations, so results agree bit for bit wherever there is a fused multiply-add.
#pragma once
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// ln 2 in two parts. The first has 15 bits, so that its products with small whole numbers are
// exact.
constexpr float ln2Upper = 0.693145752f, ln2Lower = 1.42860677e-6f;

// e^x for x in [-87, 88], with a relative error below 1.2e-7. NaN stays NaN; the caller limits the
// range. x = n ln 2 + r with |r| <= ln 2 / 2, and e^r = 1 + r + r^2 q(r).
FORCE_INLINE F exponential(F x) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the lowest bits. A shift then moves it
  // into the exponent.
  const F shift = set1(12582912.0f);
  const F t = fma(x, set1(1.44269504f), shift);
  const F n = t - shift;
  F r = fma(n, set1(-ln2Upper), x);
  r = fma(n, set1(-ln2Lower), r);
  // Minimax fit of (e^r - 1 - r) / r^2, relative error of e^r 2^-28.3.
  F q = set1(0.00138145479f);
  q = fma(q, r, set1(0.00836874783f));
  q = fma(q, r, set1(0.0416683909f));
  q = fma(q, r, set1(0.166665204f));
  q = fma(q, r, set1(0.499999934f));
  const F e = fma(q, r * r, r) + set1(1);
  return (F)((I)e + ((I)t << 23));
}

// 1 + e^-x, limited to [1, 6e37].
FORCE_INLINE F inverseLogistic(F x) { return set1(1) + exponential(maxOf(set1(-87), minOf(set1(87), F{} - x))); }

// 1 / (1 + e^-x). Beyond 87 the result is 1. Below -87 it stays at 1.6e-38, never 0, so that the
// unit can still be drawn as on.
FORCE_INLINE F logistic(F x) { return set1(1) / inverseLogistic(x); }

// e^-|x| in (0, 1]: log(1 + e^x) = max(x, 0) + log1p(e^-|x|).
FORCE_INLINE F fallingExponential(F x) { return exponential(maxOf(set1(-87), F{} - absolute(x))); }

// log(1 + y) for y in [0, 1]: 2 atanh(s), s = y / (2 + y) in [0, 1/3].
FORCE_INLINE F log1p(F y) {
  const F s = y / (set1(2) + y);
  const F z = s * s;
  // Minimax fit of (atanh(s) / s - 1) / s^2, relative error of atanh 2^-33.
  F q = set1(0.121542391f);
  q = fma(q, z, set1(0.107129068f));
  q = fma(q, z, set1(0.143085192f));
  q = fma(q, z, set1(0.199994364f));
  q = fma(q, z, set1(0.333333378f));
  return set1(2) * fma(q * z, s, s);
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
