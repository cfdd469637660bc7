// Parallel tempering: each group has one chain per inverse temperature of a ladder, and its chains
// exchange their temperatures. Geyer 1991; Hukushima & Nemoto, J. Phys. Soc. Jpn 65 (1996), 1604.
// Two neighbours on the ladder swap with probability
//   min(1, exp((beta' - beta)(E' - E))),
// where E is the part of the energy that beta multiplies (FreeEnergies without the measure). Even
// and odd pairs of rungs alternate (Okabe et al. 2001), which lets a chain drift through the ladder
// instead of diffusing.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "machine/energy.hpp"

namespace boltzkit {

struct Ladder {
  std::vector<double> betas;  // rises strictly; chain c is in group c / betas.size()
  std::uint64_t every = 1;    // sweeps per round of swaps
};

// The positions of the chains on a ladder.
struct LadderState {
  std::vector<std::uint32_t> rung;  // [chains] rung of each chain; all different within a group
  // [chains] 0: has not been on the lowest rung yet, 1: on its way up from there, 2: on its way
  // back from the top.
  std::vector<std::uint8_t> direction;
  // Puts chain k of every group on rung k.
  static LadderState start(const Ladder& ladder, std::size_t chains);
};

// Counts of the swaps of a run.
struct SwapCounts {
  std::vector<std::uint64_t> attempts, accepted;  // [rungs - 1], by the lower rung
  // Of all chains: from the lowest rung to the highest and back.
  std::uint64_t roundTrips = 0;
};

class Tempering {
 public:
  // Throws ParameterError if the ladder does not rise strictly, has fewer than two rungs, has swaps
  // at intervals of 0 sweeps, or does not fit the chains and their state.
  Tempering(const Machine& machine, Ladder ladder, LadderState state);

  std::size_t rungs() const { return ladder_.betas.size(); }
  // Inverse temperatures of chains first ... first + n - 1.
  std::span<const double> betas(std::size_t first, std::size_t n) const { return std::span(betas_).subspan(first, n); }
  // Call after sweep number `sweep` of the chains from `first` on; swaps if it is time. The step of
  // the stream must be unique to this sweep.
  void afterSweep(const States& states, std::size_t first, std::uint64_t sweep, Stream stream);

  const LadderState& state() const { return state_; }
  const SwapCounts& counts() const { return counts_; }

 private:
  void validate() const;
  // E of every row.
  std::vector<double> energiesOf(const States& states);
  void swapGroup(std::size_t firstChain, std::span<const double> energies, std::size_t parity, const Stream& stream);
  void move(std::size_t chain, std::uint32_t rung);

  const Machine& machine_;
  Ladder ladder_;
  LadderState state_;
  SwapCounts counts_;
  std::vector<double> betas_;
  // Made by the first swaps, with space for their rows.
  std::optional<FreeEnergies> energies_;
  DoublesPtr sums_;
};

}  // namespace boltzkit
