// Bernoulli units: p(s = 1) = logistic(beta (field + bias)). A sample is u < p, with the 24-bit
// uniform u of core/random.hpp. It compares 2^24 u (1 + e^-x) with 2^24, without a division. The
// cumulant is log(1 + exp(beta (field + bias))).
#pragma once
#include "cpu/kernels/functions.hpp"
#include "cpu/kernels/line_sums.hpp"
#include "cpu/kernels/philox.hpp"
#include "cpu/kernels/sampled_panel.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// The units of one panel of a Bernoulli layer, drawn row by row. Rows share the part of the
// generator's rounds that depends on the block alone.
template <bool mean, bool sample>
class PanelDraws {
 public:
  // Unit `first` of the tile is the panel's first one. `tile` and `keys` outlive this.
  FORCE_INLINE PanelDraws(const BernoulliTile& tile, const PhiloxKeys& keys, std::size_t first) : t_(tile), keys_(keys), first_(first) {
    if constexpr (sample)
      for (std::size_t set = 0; set < sets; ++set)
        blocks_[set / 2][set % 2] =
            blockPart<Vector>(blockNumbers(tile.firstBlock + static_cast<std::uint32_t>(first / 4 + set * half)), tile.counter, tile.key);
  }

  // Draws the units of `rows` rows; field [rows, stride].
  FORCE_INLINE void run(const float* field, std::size_t stride, std::size_t rows) {
    for (std::size_t r = 0; r < rows; ++r) row(r, field + r * stride);
  }
  FORCE_INLINE void row(std::size_t r, const float* field) {
    const float beta = betaOf(r);
    std::uint64_t bits = 0;
    for (std::size_t g = 0; g < grains && first_ + g * philoxGrain < t_.units; ++g) {
      UnitWords words{};
      if constexpr (sample) words = unitWords(chainOf(r), blocks_[g], keys_);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < philoxVectors; ++v)
        bits |= draw(r, beta, g * philoxVectors + v, FloatFields{field, t_.units - first_}, words.vector[v]);
    }
    putBits(r, bits);
  }

  // The same in four parts, between which the caller has other work: begin, then the parts 0 to 3 of
  // rows 0, 1, 2, ... one after the other. A part makes words of the next row.
  static constexpr std::size_t parts = 4;
  FORCE_INLINE void begin() {
    if constexpr (sample)
      for (std::size_t set = 0; set < sets; ++set) makeHalf(0, 2 * set), makeHalf(0, 2 * set + 1);
  }
  template <std::size_t part, class Fields>
  FORCE_INLINE void partOf(std::size_t r, const Fields& fields) {
    if (part == 0) bits_ = 0;
    constexpr std::size_t vectors = panelColumns / lanes / parts, halves = 2 * sets / parts;
    const float beta = betaOf(r);
#pragma GCC unroll 4
    for (std::size_t v = part * vectors; v < (part + 1) * vectors; ++v) bits_ |= draw(r, beta, v, fields, words_[v]);
    if constexpr (sample)
#pragma GCC unroll 4
      for (std::size_t i = part * halves; i < (part + 1) * halves; ++i) makeHalf(r + 1, i);
    if (part == parts - 1) putBits(r, bits_);
  }

 private:
  static constexpr std::size_t grains = panelColumns / philoxGrain, sets = 2 * grains;
  static_assert(panelColumns == 64);  // the bits of a word

  FORCE_INLINE float betaOf(std::size_t r) const { return t_.betas ? static_cast<float>(t_.betas[r]) : t_.beta; }
  FORCE_INLINE ChainPart<Plain> chainOf(std::size_t r) const {
    return chainPart<Plain>({t_.counter[0] + static_cast<std::uint32_t>(r)}, t_.counter, t_.key);
  }
  FORCE_INLINE void putBits(std::size_t r, std::uint64_t bits) const {
    if (sample && t_.bits) t_.bits[first_ / panelColumns * t_.bitsStride + r] = bits;
  }

  // The first or second half of the rounds of one set of blocks.
  FORCE_INLINE void makeHalf(std::size_t r, std::size_t i) {
    constexpr int middle = 6;
    PhiloxWords(&c)[1] = made_[i / 2];
    if (i % 2 == 0) {
      c[0] = meet(chainOf(r), blocks_[i / 4][i / 2 % 2]);
      philoxRoundsFrom<3, middle>(c, keys_);
    } else {
      philoxRoundsFrom<middle, philoxRounds - 1>(c, keys_);
      putInOrder(lastRound(c[0], keys_), words_ + i / 2 * 2);
    }
  }

  // Writes means and samples of a vector of units, with zeros behind the last unit. Returns the
  // samples as bits of the panel.
  template <class Fields>
  FORCE_INLINE std::uint64_t draw(std::size_t r, float beta, std::size_t vector, const Fields& fields, I words) const {
    const std::size_t place = vector * lanes, j = first_ + place;
    if (j >= t_.units) return 0;
    const F inverse = inverseLogistic(set1(beta) * (fields.at(place) + load(t_.bias + j)));
    const bool whole = j + lanes <= t_.units;
    if constexpr (mean) {
      const F p = set1(1) / inverse;
      store(t_.mean + r * t_.meanStride + j, whole ? p : firstLanes(p, t_.units - j));
    }
    unsigned bits = 0;
    if constexpr (sample) {
      F ones;
      bits = bitsWhereLess(top24(words) * inverse, set1(0x1p24f), ones);
      if (!whole) {
        ones = firstLanes(ones, t_.units - j);
        bits &= (1u << (t_.units - j)) - 1;
      }
      store(t_.sample + r * t_.sampleStride + j, ones);
    }
    return static_cast<std::uint64_t>(bits) << place;
  }

  const BernoulliTile& t_;
  const PhiloxKeys& keys_;
  const std::size_t first_;
  BlockPart<Vector> blocks_[grains][2];
  PhiloxWords made_[sets][1];      // of the next row, half way
  I words_[panelColumns / lanes];  // of this row; those that were used, of the next one
  std::uint64_t bits_ = 0;
};

template <bool first, class A, class B>
struct Choice {
  using Type = A;
};
template <class A, class B>
struct Choice<false, A, B> {
  using Type = B;
};

template <class Draws>
void drawBernoulli(const BernoulliTile& given) {
  const BernoulliTile tile = given;  // a copy that stores cannot reach
  const PhiloxKeys keys = philoxKeys(tile.key);
  for (std::size_t first = 0; first < tile.units; first += panelColumns) {
    Draws draws(tile, keys, first);
    draws.run(tile.field + first, tile.fieldStride, tile.rows);
  }
}

void bernoulliTile(const BernoulliTile& tile) {
  if (!tile.sample) {
    if (tile.mean) drawBernoulli<PanelDraws<true, false>>(tile);
  } else if (tile.mean) {
    drawBernoulli<PanelDraws<true, true>>(tile);
  } else {
    using Samples = Choice<quickDraws, SampledPanel, PanelDraws<false, true>>::Type;
    drawBernoulli<Samples>(tile);
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
