// One optimiser step on some rows of one tensor. New parameters go to their own buffer.
//   sgd   velocity = momentum velocity + rate g;  step = velocity
//   adam  m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
//         step = rate (m / c1) / (sqrt(v / c2) + epsilon)   (Kingma & Ba 2015)
// with g = gradient - l1 sign(parameter) - l2 parameter. The caller folds learning rate and c1 into
// `rate`, and 1 / c2 into `scale2`.
#pragma once
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

FORCE_INLINE F decayed(const StepRange& s, F g, F parameter) {
  if (s.l1 != 0) g = fma(set1(-s.l1), sign(parameter), g);
  return fma(set1(-s.l2), parameter, g);
}

// Sets moments that fade away to zero. Weights of pixels that are never on would otherwise become
// denormal numbers, on which many processors compute a hundred times slower.
FORCE_INLINE F flushed(F x) { return (F)((I)x & ((absolute(x) > set1(1e-30f)) | (x != x))); }

// Tracks the largest parameter, and whether one is beyond largestParameter (backend.hpp). Such a
// parameter overflows when it is scaled. x * 0 is 0 for a finite x and NaN for any other, and NaN
// stays in the sum.
struct Seen {
  F finite{}, most{};

  FORCE_INLINE void add(F x) {
    finite = fma(x * set1(3.40282347e38f / 1e18f), F{}, finite);
    most = maxOf(absolute(x), most);
  }
  float largest() const {
    float largest = nonZeroBits(finite) == 0 ? 0 : __builtin_nanf("");
    for (int i = 0; i < lanes; ++i) largest = largest < most[i] ? most[i] : largest;
    return largest;
  }
};

FORCE_INLINE void take(const StepRange& s, std::size_t j, F parameter, F step, Seen& seen) {
  if (s.step) store(s.step + j, step);
  store(s.next + j, parameter + step);
  seen.add(parameter + step);
}

float sgd(const StepRange& range) {
  const StepRange s = range;  // a copy that stores cannot reach, so that it stays in registers
  Seen seen;
  const F keep = set1(s.keep), gain = set1(s.gain);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* gradient = s.gradient + r * s.gradientStride;
    for (std::size_t j = r * s.stride; j < r * s.stride + s.n; j += lanes, gradient += lanes) {
      const F p = load(s.parameter + j);
      const F step = flushed(fma(keep, load(s.velocity + j), gain * decayed(s, load(gradient), p)));
      store(s.velocity + j, step);
      take(s, j, p, step, seen);
    }
  }
  return seen.largest();
}

float adam(const StepRange& range) {
  const StepRange s = range;
  Seen seen;
  // The smallest normal float: keeps 0 / 0 out of the padding when epsilon is 0.
  const F tiny = set1(1.17549435e-38f);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const float* gradient = s.gradient + r * s.gradientStride;
    for (std::size_t j = r * s.stride; j < r * s.stride + s.n; j += lanes, gradient += lanes) {
      const F p = load(s.parameter + j), g = decayed(s, load(gradient), p);
      const F m = flushed(fma(set1(s.keep), load(s.velocity + j), set1(s.gain) * g));
      const F v = flushed(fma(set1(s.keep2), load(s.second + j), set1(s.gain2) * g * g));
      store(s.velocity + j, m);
      store(s.second + j, v);
      const F step = set1(s.rate) * m / maxOf(tiny, squareRoot(set1(s.scale2) * v) + set1(s.epsilon));
      take(s, j, p, step, seen);
    }
  }
  return seen.largest();
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
