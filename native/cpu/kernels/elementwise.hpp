// Sums and combinations of rows. n may be any number: kernels compute the padding behind it too,
// where zeros give zeros.
#pragma once
#include "cpu/kernels/line_sums.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Products are exact. Sums are in double precision, in an order that n alone fixes.
double dot(const float* a, const float* b, std::size_t n) {
  LineSums sums;
  for (std::size_t j = 0; j < n; j += lineFloats)
#pragma GCC unroll 4
    for (int v = 0; v < lineVectors; ++v) {
      const F x = load(a + j + v * lanes), y = load(b + j + v * lanes);
      sums.part[2 * v] += lowDoubles(x) * lowDoubles(y);
      sums.part[2 * v + 1] += highDoubles(x) * highDoubles(y);
    }
  return sums.total();
}

void addRow(const float* row, double weight, std::size_t n, double* sums) {
  const D w = D{} + weight;
  for (std::size_t j = 0; j < n; j += lanes) {
    const F x = load(row + j);
    D* to = reinterpret_cast<D*>(sums + j);
    to[0] += w * lowDoubles(x);
    to[1] += w * highDoubles(x);
  }
}

// Adds sixteen rows at a time as floats: half as much work as widening each row, and exact for
// states.
void addRows(const float* rows, std::size_t stride, std::size_t count, std::size_t n, double* sums) {
  constexpr std::size_t together = 16;
  for (std::size_t j = 0; j < n; j += lanes) {
    D* to = reinterpret_cast<D*>(sums + j);
    D low = to[0], high = to[1];
    for (std::size_t first = 0; first < count; first += together) {
      const std::size_t last = first + together < count ? first + together : count;
      F sum{};
      for (std::size_t r = first; r < last; ++r) sum += load(rows + r * stride + j);
      low += lowDoubles(sum);
      high += highDoubles(sum);
    }
    to[0] = low;
    to[1] = high;
  }
}

void addSquares(const float* row, std::size_t n, double* sums) {
  for (std::size_t j = 0; j < n; j += lanes) {
    const F x = load(row + j);
    const D low = lowDoubles(x), high = highDoubles(x);
    D* to = reinterpret_cast<D*>(sums + j);
    to[0] += low * low;
    to[1] += high * high;
  }
}

void multiplyRow(const float* factors, float* row, std::size_t n) {
  for (std::size_t j = 0; j < n; j += lanes) store(row + j, load(factors + j) * load(row + j));
}

void logisticSlope(const float* mean, float* gradient, std::size_t n) {
  for (std::size_t j = 0; j < n; j += lanes) {
    const F m = load(mean + j);
    store(gradient + j, load(gradient + j) * (m * (set1(1) - m)));
  }
}

void tanhSlope(const float* mean, float* gradient, std::size_t n) {
  for (std::size_t j = 0; j < n; j += lanes) {
    const F m = load(mean + j);
    store(gradient + j, load(gradient + j) * ((set1(1) - m) * (set1(1) + m)));
  }
}

void axpby(float alpha, const float* x, float beta, float* y, std::size_t n) {
  const F a = set1(alpha), b = set1(beta);
  if (beta == 0) {
    for (std::size_t j = 0; j < n; j += lanes) store(y + j, a * load(x + j));
  } else {
    for (std::size_t j = 0; j < n; j += lanes) store(y + j, fma(a, load(x + j), b * load(y + j)));
  }
}

void clampRow(const float* mask, const float* values, float* states, std::size_t n) {
  for (std::size_t j = 0; j < n; j += lanes) {
    const I chosen = load(mask + j) != F{};
    store(states + j, (F)(((I)load(values + j) & chosen) | ((I)load(states + j) & ~chosen)));
  }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
