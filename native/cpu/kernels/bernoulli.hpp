// Bernoulli units: p(s = 1) = logistic(beta (field + bias)), a sample is u < p with the 24-bit uniform of core/random.hpp;
// cumulant log(1 + exp(beta (field + bias))).
#pragma once
#include "cpu/kernels/functions.hpp"
#include "cpu/kernels/philox.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Means and samples of the vector at unit j; the places behind the last unit stay zero.
FORCE_INLINE void bernoulliVector(const BernoulliRow& row, std::size_t j, I words) {
  F mean = logistic(set1(row.beta) * (load(row.field + j) + load(row.bias + j)));
  if (j + lanes > row.units) mean = firstLanes(mean, row.units - j);
  if (row.mean) store(row.mean + j, mean);
  if (row.sample) store(row.sample + j, onesWhereLess(uniform24(words), mean));
}

void bernoulliRow(const BernoulliRow& row) {
  const PhiloxKeys keys = philoxKeys(row.key);
  for (std::size_t j = 0; j < row.units; j += philoxGrain) {
    UnitWords words{};
    if (row.sample) words = philoxUnits(static_cast<std::uint32_t>(j / 4), row.counter, keys);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < philoxVectors; ++v)
      if (j + v * lanes < row.units) bernoulliVector(row, j + v * lanes, words.vector[v]);
  }
}

// Per lane in float; sums of even and odd half vectors in double, so the order depends on nothing but the number of units.
double softplusSum(const float* field, const float* bias, const float* shift, float amount, std::size_t units, float beta) {
  D low{}, high{};
  for (std::size_t j = 0; j < units; j += lanes) {
    F x = load(field + j) + load(bias + j);
    if (shift) x = fma(set1(amount), load(shift + j), x);
    F y = softplus(set1(beta) * x);
    if (j + lanes > units) y = firstLanes(y, units - j);
    low += lowDoubles(y);
    high += highDoubles(y);
  }
  return sumOf(low + high);
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
