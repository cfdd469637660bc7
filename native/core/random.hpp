// Assigns random words to events. Key: the seed. Counter: (word / 4, chain, step, layer, purpose).
// A word depends on what is drawn and not on who draws it, so it is the same on all threads and
// backends.
#pragma once
#include <cstdint>

#include "core/philox.hpp"

namespace boltzkit {

// What a draw is for. Every purpose counts its own steps, so drawing samples never changes a
// training run.
enum class Purpose : std::uint8_t { initialise, shuffle, positive, negative, chainStart, sample, conditional, monitor, swap, evaluation };

// Names the words of one update of one layer over many chains. `step` must stay below 2^48;
// RandomSteps checks that.
struct Stream {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::initialise;
  std::uint8_t layer = 0;
  std::uint64_t step = 0;
};

inline constexpr std::uint64_t maxStreamStep = (std::uint64_t{1} << 48) - 1;

// The counter is injective in (purpose, layer, step, chain, block of four words).
BOLTZKIT_HD inline Words4 streamCounter(const Stream& s, std::uint32_t chain, std::uint32_t block) {
  return {{block, chain, static_cast<std::uint32_t>(s.step),
           static_cast<std::uint32_t>((s.step >> 32) & 0xffffu) | (static_cast<std::uint32_t>(s.layer) << 16) |
               (static_cast<std::uint32_t>(s.purpose) << 24)}};
}

// Words 4 * block ... 4 * block + 3 of one chain.
BOLTZKIT_HD inline Words4 streamWords(const Stream& s, std::uint32_t chain, std::uint32_t block) {
  return philox4x32(streamCounter(s, chain, block), static_cast<std::uint32_t>(s.seed), static_cast<std::uint32_t>(s.seed >> 32));
}

// The top 24 bits as a multiple of 2^-24 in [0, 1). Exact in float and in double, so comparisons
// with it do not depend on the precision.
template <class Real>
BOLTZKIT_HD inline Real uniform(std::uint32_t word) {
  return static_cast<Real>(word >> 8) * static_cast<Real>(1.0 / 16777216.0);
}

}  // namespace boltzkit
