// Layers that are coupled to themselves, a chain to a lane, with states [places, chainTile]. One
// broadcast weight serves all chains of a tile, and a neighbour's states are one line. For each
// unit in turn
//   field = fields + sum_n w_n s_n,
//   p(on) = logistic(slope (field + bias)),
//   on where u (1 + e^(-slope (field + bias))) < 1.
// The order of each sum does not depend on the tile, nor do a chain's states.
//
// Limit (AVX-512 on Zen 4, 3.5 GHz): words and threshold of 16 updates are about 105 operations on
// four 256-bit pipes, 0.46 ns per update. Every neighbour adds a load of a line and of a weight,
// 0.03 ns. Reached: 0.65 ns without neighbours, 0.85 with four (70 %), 1.4 with fourteen.
#pragma once
#include "cpu/kernels/functions.hpp"
#include "cpu/kernels/philox.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

FORCE_INLINE void addNeighbour(const Neighbour& n, const float* source, F (&sum)[tileVectors]) {
  const F w = set1(n.weight);
  const float* line = source + n.place * chainTile;
#pragma GCC unroll 4
  for (std::size_t v = 0; v < tileVectors; ++v) sum[v] = fma(w, load(line + v * lanes), sum[v]);
}

// Neighbours whose sum is complete before it joins the total, as in kernels/panel.hpp.
constexpr std::size_t neighboursTogether = 128;

// Neighbours go to two sums in turn, so that an addition need not wait for the previous one.
FORCE_INLINE void addGroup(const Neighbour* from, const Neighbour* to, const float* source, F (&sum)[tileVectors]) {
  F odd[tileVectors]{};
  for (; from + 1 < to; from += 2) {
    addNeighbour(from[0], source, sum);
    addNeighbour(from[1], source, odd);
  }
  if (from < to) addNeighbour(*from, source, sum);
#pragma GCC unroll 4
  for (std::size_t v = 0; v < tileVectors; ++v) sum[v] = sum[v] + odd[v];
}

FORCE_INLINE void addNeighbours(const Neighbour* from, const Neighbour* to, const float* source, F (&sum)[tileVectors]) {
  if (to - from <= static_cast<std::ptrdiff_t>(neighboursTogether)) return addGroup(from, to, source, sum);
  addGroup(from, from + neighboursTogether, source, sum);
  F rest[tileVectors]{};
  for (from += neighboursTogether; from < to; from += neighboursTogether) {
    F part[tileVectors]{};
    addGroup(from, to - from < static_cast<std::ptrdiff_t>(neighboursTogether) ? to : from + neighboursTogether, source, part);
    for (std::size_t v = 0; v < tileVectors; ++v) addExactly(sum[v], rest[v], part[v]);
  }
  for (std::size_t v = 0; v < tileVectors; ++v) sum[v] += rest[v];
}

void tileSums(const std::size_t* starts, const Neighbour* neighbours, const float* source, std::size_t places, bool accumulate,
              float* out) {
  for (std::size_t i = 0; i < places; ++i, out += chainTile) {
    F sum[tileVectors]{};
    if (accumulate)
      for (std::size_t v = 0; v < tileVectors; ++v) sum[v] = load(out + v * lanes);
    addNeighbours(neighbours + starts[i], neighbours + starts[i + 1], source, sum);
    for (std::size_t v = 0; v < tileVectors; ++v) store(out + v * lanes, sum[v]);
  }
}

// How far a unit is on, in [0, 1]. A sample compares 2^24 u (1 + e^-x) with 2^24, which is u < p
// without a division.
template <Draw draw>
FORCE_INLINE F onOf(F field, F slope, I word) {
  if constexpr (draw == Draw::sample) return onesWhereLess(top24(word) * inverseLogistic(slope * field), set1(0x1p24f));
  if constexpr (draw == Draw::mean) return logistic(slope * field);
  return onesWhereLess(F{}, field);
}

FORCE_INLINE F whereZero(F mask, F a, F b) {
  const I zero = mask == F{};
  return (F)(((I)a & zero) | ((I)b & ~zero));
}

template <Draw draw>
FORCE_INLINE void twoStatePosition(const TileSweep& t, std::size_t p, const I* words) {
  const std::size_t unit = t.order ? t.order[p] : p, line = unit * chainTile;
  if (t.sharedKeep && t.sharedKeep[unit] != 0) return;
  F sum[tileVectors]{};
  if (t.fields)
    for (std::size_t v = 0; v < tileVectors; ++v) sum[v] = load(t.fields + line + v * lanes);
  addNeighbours(t.neighbours + t.starts[p], t.neighbours + t.starts[p + 1], t.source, sum);
  const F bias = set1(t.bias[unit]), low = set1(t.low), range = set1(t.range);
#pragma GCC unroll 4
  for (std::size_t v = 0; v < tileVectors; ++v) {
    float* place = t.states + line + v * lanes;
    F state = fma(onOf<draw>(sum[v] + bias, load(t.slope + v * lanes), words[v]), range, low);
    if (t.keep) state = whereZero(load(t.keep + line + v * lanes), state, load(place));
    if (t.change) store(t.change + line + v * lanes, state - load(place));
    store(place, state);
  }
}

template <Draw draw>
FORCE_INLINE void sweepTile(const TileSweep& t) {
  const PhiloxKeys keys = philoxKeys(t.key);
  const TileChains chains = tileChains(t.counter, t.key);
  I words[unitsTogether * tileVectors]{};
  for (std::size_t p = t.first; p < t.last;) {
    const std::size_t start = p / unitsTogether * unitsTogether, next = start + unitsTogether, end = next < t.last ? next : t.last;
    if constexpr (draw == Draw::sample) {
      BlockPart<Plain> blocks[blocksTogether];
      for (std::size_t b = 0; b < blocksTogether; ++b)
        blocks[b] =
            blockPart<Plain>({(t.firstPosition + static_cast<std::uint32_t>(start)) / 4 + static_cast<std::uint32_t>(b)}, t.counter, t.key);
      chainWords(chains, blocks, keys, words);
    }
    for (; p < end; ++p) twoStatePosition<draw>(t, p, words + p % unitsTogether * tileVectors);
  }
}

void twoStateTile(const TileSweep& t) {
  if (t.draw == Draw::sample) return sweepTile<Draw::sample>(t);
  if (t.draw == Draw::mean) return sweepTile<Draw::mean>(t);
  sweepTile<Draw::mode>(t);
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
