// One chain of a layer that is coupled to itself along a graph, a unit to a lane. A sweep draws the
// units of one colour, which are not coupled to each other. Sums and thresholds are those of
// kernels/lateral.hpp, in the same order, so both give the same states. Where the neighbours of a
// line are consecutive, as most are in grids, they are one load, elsewhere a gather.
//
// Limit: as in lateral.hpp while everything is in the second-level cache; reached 1.4 ns per update
// of a 64 x 64 grid. Larger graphs are read from memory, 28 bytes per update of a grid: 1.3 ns at
// 22 GB/s; reached 2.7.
#pragma once
#include "cpu/kernels/lateral.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

FORCE_INLINE F chainField(const ChainSweep& c, std::size_t p) {
  const std::size_t line = p / lineFloats, lane = p % lineFloats;
  auto add = [&](std::size_t slot, F sum) {
    const std::uint32_t* place = c.place + slot * lineFloats + lane;
    const F s = c.run[slot] ? loadAnywhere(c.states + *place) : gather(c.states, place);
    return fma(load(c.weight + slot * lineFloats + lane), s, sum);
  };
  auto group = [&](std::size_t slot, std::size_t end, F sum) {
    F odd{};
    for (; slot + 1 < end; slot += 2) {
      sum = add(slot, sum);
      odd = add(slot + 1, odd);
    }
    if (slot < end) sum = add(slot, sum);
    return sum + odd;
  };
  const F fields = c.fields ? load(c.fields + p) : F{};
  const std::size_t slot = c.starts[line], end = c.starts[line + 1];
  if (end - slot <= neighboursTogether) return group(slot, end, fields) + load(c.bias + p);
  F sum = group(slot, slot + neighboursTogether, fields), rest{};
  for (std::size_t s = slot + neighboursTogether; s < end; s += neighboursTogether)
    addExactly(sum, rest, group(s, end - s < neighboursTogether ? end : s + neighboursTogether, F{}));
  return sum + rest + load(c.bias + p);
}

template <Draw draw>
FORCE_INLINE void chainLine(const ChainSweep& c, std::size_t p, I words) {
  F state = fma(onOf<draw>(chainField(c, p), set1(c.slope), words), set1(c.range), set1(c.low));
  if (c.keep) state = whereZero(load(c.keep + p), state, load(c.states + p));
  if (p >= c.first && p + lanes <= c.last) return store(c.states + p, state);
  // Writes single lanes, since other threads may be reading units of another colour on this line.
  for (std::size_t i = 0; i < lanes; ++i)
    if (p + i >= c.first && p + i < c.last) c.states[p + i] = state[i];
}

template <Draw draw>
FORCE_INLINE void sweepChain(const ChainSweep& c) {
  const PhiloxKeys keys = philoxKeys(c.key);
  for (std::size_t start = c.first / philoxGrain * philoxGrain; start < c.last; start += philoxGrain) {
    UnitWords words{};
    if constexpr (draw == Draw::sample) words = philoxUnits(static_cast<std::uint32_t>(start / 4), c.counter, keys);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < philoxVectors; ++v) {
      const std::size_t p = start + v * lanes;
      if (p + lanes > c.first && p < c.last) chainLine<draw>(c, p, words.vector[v]);
    }
  }
}

void twoStateChain(const ChainSweep& c) {
  if (c.draw == Draw::sample) return sweepChain<Draw::sample>(c);
  if (c.draw == Draw::mean) return sweepChain<Draw::mean>(c);
  sweepChain<Draw::mode>(c);
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
