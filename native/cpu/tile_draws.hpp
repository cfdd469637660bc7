// Draws the units of a tile of chains one after the other. A vector kernel draws two-state units;
// other types go by their own definition, chain by chain.
#pragma once
#include <vector>

#include "cpu/chain_tile.hpp"
#include "cpu/unit_rows.hpp"

namespace boltzkit::cpu {

// Units with the values low and low + range. The second has the probability
// logistic(slope beta (field + bias)).
template <class Unit>
struct TwoStates {
  static constexpr bool apply = false;
};
template <>
struct TwoStates<Bernoulli> {
  static constexpr bool apply = true;
  static constexpr float low = 0, range = 1, slope = 1;
};
template <>
struct TwoStates<Spin> {
  static constexpr bool apply = true;
  static constexpr float low = -1, range = 2, slope = 2;
};

// The chains of a tile: rows first ... first + count - 1 of a call.
struct TileRows {
  std::size_t first, count;
};

// The generator's counter and key of a chain.
template <class Sweep>
void setCounter(Sweep& sweep, const Stream& stream, std::uint32_t chain) {
  const Words4 c = streamCounter(stream, chain, 0);
  std::copy(c.w + 1, c.w + 4, sweep.counter);
  sweep.key[0] = static_cast<std::uint32_t>(stream.seed);
  sweep.key[1] = static_cast<std::uint32_t>(stream.seed >> 32);
}

template <class Unit>
void drawTwoStates(const Kernels& kernels, const UnitUpdate& update, const Stream& stream, TileRows rows, TileSweep t) {
  alignas(64) float slope[chainTile]{};
  for (std::size_t i = 0; i < rows.count; ++i) slope[i] = TwoStates<Unit>::slope * static_cast<float>(update.betaOf(rows.first + i));
  t.slope = slope;
  t.low = TwoStates<Unit>::low;
  t.range = TwoStates<Unit>::range;
  t.draw = update.draw;
  setCounter(t, stream, update.firstChain + static_cast<std::uint32_t>(rows.first));
  kernels.twoStateTile(t);
}

// A unit's places in one chain of a tile.
inline void readLane(const float* tile, std::size_t lane, std::span<float> out) {
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = tile[k * chainTile + lane];
}

template <class Unit>
void drawByDefinition(const Kernels& kernels, const UnitUpdate& update, const Stream& stream, TileRows rows, const TileSweep& t,
                      const RowUnits<float>& units) {
  const std::size_t group = Unit::grouped ? units.size : 1;
  LineBuffer sums(group * chainTile);
  std::vector<float> field(group), state(group);
  std::vector<RowWords> words;
  for (std::size_t i = 0; i < rows.count; ++i) words.emplace_back(stream, update.firstChain + static_cast<std::uint32_t>(rows.first + i));
  for (std::size_t p = t.first; p < t.last; ++p) {
    const std::size_t place = (t.order ? t.order[p] : p) * group, line = place * chainTile;
    if (t.sharedKeep && t.sharedKeep[place] != 0) continue;
    if (t.fields) std::copy_n(t.fields + line, group * chainTile, sums.data());
    kernels.tileSums(t.starts + p * group, t.neighbours, t.source, group, t.fields != nullptr, sums.data());
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (t.keep && t.keep[line + i] != 0) continue;
      readLane(sums.data(), i, field);
      readLane(t.states + line, i, state);
      redraw<Unit>(units.at(place), field.data(), static_cast<float>(update.betaOf(rows.first + i)), update.draw, words[i],
                   (t.firstPosition + p) * Unit::words(units.size), state.data(), state.data());
      for (std::size_t k = 0; k < group; ++k) {
        float& to = t.states[line + k * chainTile + i];
        if (t.change) t.change[line + k * chainTile + i] = state[k] - to;
        to = state[k];
      }
    }
  }
}

// `units` begin with the unit at position 0.
template <class Unit>
void drawTile(const Kernels& kernels, const UnitUpdate& update, const Stream& stream, TileRows rows, const TileSweep& t,
              const RowUnits<float>& units) {
  if constexpr (TwoStates<Unit>::apply)
    drawTwoStates<Unit>(kernels, update, stream, rows, t);
  else
    drawByDefinition<Unit>(kernels, update, stream, rows, t, units);
}

}  // namespace boltzkit::cpu
