// Sums over places that do not depend on the length of a vector: they have 16 lanes everywhere.
#pragma once
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Vectors of floats that hold 16 places.
constexpr int lineVectors = static_cast<int>(lineFloats) / lanes;

struct LineSums {
  D part[2 * lineVectors]{};

  // Adds x to the lanes of vector v.
  FORCE_INLINE void add(int v, F x) {
    part[2 * v] += lowDoubles(x);
    part[2 * v + 1] += highDoubles(x);
  }
  // Lanes i and i + 8 first, then in rising order.
  FORCE_INLINE double total() const {
    double sum = 0;
    for (int k = 0; k < lineVectors; ++k) {
      const D pair = part[k] + part[k + lineVectors];
      for (int i = 0; i < half; ++i) sum += pair[i];
    }
    return sum;
  }
};

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
