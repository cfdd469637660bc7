// Samples of the Bernoulli units of one panel, by the upper 16 bits of the uniform number and 16
// bits of the probability (kernels/quick_logistic.hpp). Where these leave the outcome open, about
// once in 2,700 units, bernoulli.hpp's comparison decides. So the samples are its own, to the bit.
#pragma once
#include "cpu/kernels/functions.hpp"
#include "cpu/kernels/philox.hpp"
#include "cpu/kernels/quick_logistic.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// u < 1 / (1 + e^-x), as bits, and as floats.
FORCE_INLINE unsigned sampleBits(F x, I words, F& ones) { return bitsWhereLess(top24(words) * inverseLogistic(x), set1(0x1p24f), ones); }

// The fields of one row of a panel. Rows end with a line.
struct FloatFields {
  const float* field;
  std::size_t units;

  FORCE_INLINE F at(std::size_t place) const { return place < units ? load(field + place) : F{}; }
};

class SampledPanel {
 public:
  // Unit `first` of the tile is the panel's first one. `tile` and `keys` outlive this.
  FORCE_INLINE SampledPanel(const BernoulliTile& tile, const PhiloxKeys& keys, std::size_t first)
      : t_(tile), keys_(keys), first_(first), units_(tile.units - first < panelColumns ? tile.units - first : panelColumns) {
    for (std::size_t set = 0; set < sets; ++set)
      blocks_[set] =
          blockPart<Vector>(blockNumbers(tile.firstBlock + static_cast<std::uint32_t>(first / 4 + set * half)), tile.counter, tile.key);
    for (std::size_t j = 0; j < units_; j += lanes) store(bias_ + j, load(tile.bias + first + j));
  }

  // Draws the units of `rows` rows; field [rows, stride].
  FORCE_INLINE void run(const float* field, std::size_t stride, std::size_t rows) {
    begin();
    for (std::size_t r = 0; r < rows; ++r) {
      decide(r, FloatFields{field + r * stride, units_});
      if (r + 1 < rows) beginWords(r + 1), goOnWithWords(), endWords();
    }
  }

  // The same in four parts, between which the caller has other work: begin, then the parts 0 to 3 of
  // rows 0, 1, 2, ... one after the other. A part makes words of the next row.
  static constexpr std::size_t parts = 4;
  FORCE_INLINE void begin() { beginWords(0), goOnWithWords(), endWords(); }
  template <std::size_t part, class Fields>
  FORCE_INLINE void partOf(std::size_t r, const Fields& fields) {
    if constexpr (part == 0) decide(r, fields);
    if constexpr (part == 1) beginWords(r + 1);
    if constexpr (part == 2) goOnWithWords();
    if constexpr (part == 3) endWords();
  }

 private:
  // Units of a vector of blocks.
  static constexpr std::size_t setUnits = 2 * lanes, sets = panelColumns / setUnits;
  static_assert(panelColumns == 64);  // the bits of a word

  FORCE_INLINE float betaOf(std::size_t r) const { return t_.betas ? static_cast<float>(t_.betas[r]) : t_.beta; }

  // The words of a row in three steps, all sets of blocks together: one set alone would wait for its
  // own products.
  FORCE_INLINE void beginWords(std::size_t r) {
    const auto chain = chainPart<Plain>({t_.counter[0] + static_cast<std::uint32_t>(r)}, t_.counter, t_.key);
#pragma GCC unroll 8
    for (std::size_t set = 0; set < sets; ++set) made_[set] = meet(chain, blocks_[set]);
    philoxRoundsFrom<3, 5>(made_, keys_);
  }
  FORCE_INLINE void goOnWithWords() { philoxRoundsFrom<5, 7>(made_, keys_); }
  FORCE_INLINE void endWords() {
    philoxRoundsFrom<7, philoxRounds - 1>(made_, keys_);
#pragma GCC unroll 8
    for (std::size_t set = 0; set < sets; ++set) words_[set] = lastRound(made_[set], keys_);
  }

  // beta (field + bias) of a vector of units.
  template <class Fields>
  FORCE_INLINE F input(float beta, const Fields& fields, std::size_t place) const {
    return set1(beta) * (fields.at(place) + load(bias_ + place));
  }

  template <class Fields>
  FORCE_INLINE void decide(std::size_t r, const Fields& fields) {
    const float beta = betaOf(r);
    S most[sets], u[sets];
    // Exact, since quickUnits is a power of two.
    const float scale = beta * quickUnits;
#pragma GCC unroll 8
    for (std::size_t set = 0; set < sets; ++set) {
      most[set] = mostThatIsOn(wholeInput(scale, fields, set * setUnits), wholeInput(scale, fields, set * setUnits + lanes));
      u[set] = topShorts(words_[set].first, words_[set].second);
    }
    std::uint64_t bits = 0;
#pragma GCC unroll 8
    for (std::size_t set = 0; set < sets; ++set) {
      std::uint64_t on = inUnitOrder(bitsAtMost(u[set], most[set]));
      if (bitsAtMost(wrappedDifference(most[set], u[set]), set1s(2 * quickError - 1))) [[unlikely]]
        on = decideInFull(beta, set, fields);
      bits |= on << set * setUnits;
    }
    put(r, bits);
  }

  // nearestWhole wants a limit above.
  template <class Fields>
  FORCE_INLINE I wholeInput(float scale, const Fields& fields, std::size_t place) const {
    return nearestWhole(minOf(set1(0x1p30f), input(scale, fields, place)));
  }

  // For a set of units. With a lower number a unit is surely on, unless it is within 2 quickError.
  FORCE_INLINE static S mostThatIsOn(I first, I second) {
    const QuickLogistic& q = quickLogistic;
    const S x = packShorts(first, second), part = x >> 11, within = (x << 5) ^ set1s(INT16_MIN);
    const S curved = wrappedSum(lookUp(q.slope.data(), part), multiplyRounded(within, lookUp(q.curve.data(), part)));
    return wrappedSum(lookUp(q.most.data(), part), multiplyRounded(within, curved));
  }

  template <class Fields>
  FORCE_INLINE unsigned decideInFull(float beta, std::size_t set, const Fields& fields) const {
    const std::size_t place = set * setUnits;
    I words[2];
    F ones;
    putInOrder(words_[set], words);
    return sampleBits(input(beta, fields, place), words[0], ones) | sampleBits(input(beta, fields, place + lanes), words[1], ones) << lanes;
  }

  // Writes the samples of a row, with zeros behind the last unit.
  FORCE_INLINE void put(std::size_t r, std::uint64_t bits) {
    if (units_ < panelColumns) bits &= (std::uint64_t{1} << units_) - 1;
    float* const to = t_.sample + r * t_.sampleStride + first_;
#pragma GCC unroll 16
    for (std::size_t place = 0; place < panelColumns; place += lanes)
      if (place < units_) store(to + place, onesOf(static_cast<unsigned>(bits >> place)));
    if (t_.bits) t_.bits[first_ / panelColumns * t_.bitsStride + r] = bits;
  }

  const BernoulliTile& t_;
  const PhiloxKeys& keys_;
  const std::size_t first_, units_;
  BlockPart<Vector> blocks_[sets];
  PhiloxWords made_[sets];   // of the next row, half way
  PhiloxPairs words_[sets];  // of this row; those that were used, of the next one
  alignas(64) float bias_[panelColumns]{};
};

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
