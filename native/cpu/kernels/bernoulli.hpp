// Bernoulli units: p(s = 1) = logistic(beta (field + bias)). A sample is u < p, with the 24-bit
// uniform u of core/random.hpp. It compares 2^24 u (1 + e^-x) with 2^24, without a division. The
// cumulant is log(1 + exp(beta (field + bias))).
#pragma once
#include "cpu/kernels/functions.hpp"
#include "cpu/kernels/line_sums.hpp"
#include "cpu/kernels/philox.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Writes means and samples of the vector at unit j of row r, with zeros behind the last unit.
// Returns the samples as bits.
template <bool mean, bool sample>
FORCE_INLINE unsigned bernoulliVector(const BernoulliTile& t, std::size_t r, float beta, std::size_t j, I words) {
  const F inverse = inverseLogistic(set1(beta) * (load(t.field + r * t.fieldStride + j) + load(t.bias + j)));
  const bool whole = j + lanes <= t.units;
  if constexpr (mean) {
    const F p = set1(1) / inverse;
    store(t.mean + r * t.meanStride + j, whole ? p : firstLanes(p, t.units - j));
  }
  unsigned bits = 0;
  if constexpr (sample) {
    F ones;
    bits = bitsWhereLess(top24(words) * inverse, set1(0x1p24f), ones);
    if (!whole) {
      ones = firstLanes(ones, t.units - j);
      bits &= (1u << (t.units - j)) - 1;
    }
    store(t.sample + r * t.sampleStride + j, ones);
  }
  return bits;
}

// Takes philoxGrain units of all rows at a time: all rows share the part of the generator's rounds
// that depends on the block alone.
template <bool mean, bool sample>
void drawBernoulli(const BernoulliTile& tile) {
  const BernoulliTile t = tile;  // a copy that stores cannot reach
  const PhiloxKeys keys = philoxKeys(t.key);
  for (std::size_t j = 0; j < t.units; j += philoxGrain) {
    const std::uint32_t block = t.firstBlock + static_cast<std::uint32_t>(j / 4);
    const BlockPart<Vector> blocks[2] = {blockPart<Vector>(blockNumbers(block), t.counter, t.key),
                                         blockPart<Vector>(blockNumbers(block + half), t.counter, t.key)};
    for (std::size_t r = 0; r < t.rows; ++r) {
      const float beta = t.betas ? static_cast<float>(t.betas[r]) : t.beta;
      UnitWords words{};
      if constexpr (sample)
        words = unitWords(chainPart<Plain>({t.counter[0] + static_cast<std::uint32_t>(r)}, t.counter, t.key), blocks, keys);
      std::uint64_t bits = 0;
#pragma GCC unroll 4
      for (std::size_t v = 0; v < philoxVectors; ++v)
        if (j + v * lanes < t.units)
          bits |= static_cast<std::uint64_t>(bernoulliVector<mean, sample>(t, r, beta, j + v * lanes, words.vector[v])) << v * lanes;
      if (!sample || !t.bits) continue;
      std::uint64_t& word = t.bits[j / 64 * t.bitsStride + r];
      word = (j % 64 == 0 ? 0 : word) | bits << j % 64;
    }
  }
}

void bernoulliTile(const BernoulliTile& tile) {
  if (!tile.sample) {
    if (tile.mean) drawBernoulli<true, false>(tile);
  } else {
    tile.mean ? drawBernoulli<true, true>(tile) : drawBernoulli<false, true>(tile);
  }
}

// Units whose factors 1 + e^-|x| are multiplied before the logarithm of the product is taken. The
// product of a lane's 16 factors is at most 2^16.
constexpr std::size_t factorUnits = 256;

// Each of 16 lanes keeps its product in float as 1 + z, so that tiny cumulants keep their relative
// precision. Sums are in double precision.
double softplusSum(const float* field, const float* bias, const float* shift, float amount, std::size_t units, float beta) {
  LineSums sums;
  for (std::size_t first = 0; first < units; first += factorUnits) {
    const std::size_t end = first + factorUnits < units ? first + factorUnits : units;
    F z[lineVectors]{};
    for (std::size_t line = first; line < end; line += lineFloats)
#pragma GCC unroll 4
      for (int v = 0; v < lineVectors; ++v) {
        const std::size_t j = line + v * lanes;
        F x = load(field + j) + load(bias + j);
        if (shift) x = fma(set1(amount), load(shift + j), x);
        x = set1(beta) * x;
        F positive = maxOf(F{}, x), y = fallingExponential(x);
        if (j + lanes > units) {
          const std::size_t left = j < units ? units - j : 0;
          positive = firstLanes(positive, left);
          y = firstLanes(y, left);
        }
        sums.add(v, positive);
        z[v] = fma(z[v], y, z[v] + y);
      }
#pragma GCC unroll 4
    for (int v = 0; v < lineVectors; ++v) {
      // 1 + z = 2^n m with m in [1, 2)
      const I bits = (I)(set1(1) + z[v]), n = (bits >> 23) - set1i(127), m = (bits & set1i(0x7fffff)) | set1i(0x3f800000);
      const F whole = __builtin_convertvector(n, F), rest = n == 0 ? z[v] : (F)m - set1(1);
      sums.add(v, whole * set1(ln2Upper));
      sums.add(v, fma(whole, set1(ln2Lower), log1p(rest)));
    }
  }
  return sums.total();
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
