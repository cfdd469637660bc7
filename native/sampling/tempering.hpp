// Parallel tempering: groups of chains, one at every inverse temperature of a ladder, that exchange their temperatures.
// Geyer 1991; Hukushima & Nemoto, J. Phys. Soc. Jpn 65 (1996), 1604: a swap of neighbours is accepted with probability
//   min(1, exp((beta' - beta)(E' - E))),
// with E the part of the energy that beta multiplies (temperedEnergies),
// even pairs of rungs and odd ones in turn (Okabe et al. 2001), which lets a chain drift through the ladder instead of diffusing.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "machine/energy.hpp"

namespace boltzkit {

struct Ladder {
  std::vector<double> betas;  // rising strictly; every chain c belongs to the group c / betas.size()
  std::uint64_t every = 1;    // sweeps from one round of swaps to the next
};

// Where the chains of a ladder stand.
struct LadderState {
  std::vector<std::uint32_t> rung;  // [chains] the rung of every chain; all different within a group
  std::vector<std::uint8_t>
      direction;  // [chains] 0: has not been at the lowest rung, 1: going up from there, 2: on its way back from the top
  // Chain k of every group at rung k.
  static LadderState start(const Ladder& ladder, std::size_t chains);
};

// What the swaps of a run came to.
struct SwapCounts {
  std::vector<std::uint64_t> attempts, accepted;  // [rungs - 1] by the lower rung of a pair
  std::uint64_t roundTrips = 0;                   // of chains, from the lowest rung to the highest and back
};

class Tempering {
 public:
  // Throws ParameterError on a ladder that does not rise, of fewer than two rungs, or that does not fit the chains and their state.
  Tempering(const Machine& machine, Ladder ladder, LadderState state);

  std::size_t rungs() const { return ladder_.betas.size(); }
  // Inverse temperatures of the chains first ... first + n - 1.
  std::span<const double> betas(std::size_t first, std::size_t n) const { return std::span(betas_).subspan(first, n); }
  // After sweep number `sweep` of the chains from `first` on: swaps if it is time. The stream's step tells this sweep from all others.
  void afterSweep(const States& states, std::size_t first, std::uint64_t sweep, Stream stream);

  const LadderState& state() const { return state_; }
  const SwapCounts& counts() const { return counts_; }

 private:
  void validate() const;
  void swapGroup(std::size_t firstChain, std::span<const double> energies, std::size_t parity, const Stream& stream);
  void move(std::size_t chain, std::uint32_t rung);

  const Machine& machine_;
  Ladder ladder_;
  LadderState state_;
  SwapCounts counts_;
  std::vector<double> betas_;
};

}  // namespace boltzkit
