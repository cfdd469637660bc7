#include "sampling/tempering.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace boltzkit {

LadderState LadderState::start(const Ladder& ladder, std::size_t chains) {
  LadderState state{std::vector<std::uint32_t>(chains), std::vector<std::uint8_t>(chains, 0)};
  for (std::size_t c = 0; c < chains; ++c) state.rung[c] = static_cast<std::uint32_t>(c % ladder.betas.size());
  return state;
}

Tempering::Tempering(const Machine& machine, Ladder ladder, LadderState state)
    : machine_(machine), ladder_(std::move(ladder)), state_(std::move(state)) {
  validate();
  counts_.attempts.assign(rungs() - 1, 0);
  counts_.accepted.assign(rungs() - 1, 0);
  betas_.resize(state_.rung.size());
  for (std::size_t c = 0; c < betas_.size(); ++c) move(c, state_.rung[c]);
  counts_.roundTrips = 0;
}

void Tempering::validate() const {
  const std::vector<double>& betas = ladder_.betas;
  if (betas.size() < 2) throw parameterError("a ladder needs at least two inverse temperatures, got " + std::to_string(betas.size()));
  for (std::size_t k = 0; k < betas.size(); ++k)
    if (!std::isfinite(betas[k]) || betas[k] < 0 || (k > 0 && betas[k] <= betas[k - 1]))
      throw parameterError("the inverse temperatures of a ladder must be finite, at least 0 and rise strictly, got " + decimal(betas[k]) +
                           " at place " + std::to_string(k));
  if (ladder_.every == 0) throw parameterError("there must be at least one sweep from swap to swap");
  const std::size_t chains = state_.rung.size();
  if (chains == 0 || chains % betas.size() != 0 || state_.direction.size() != chains)
    throw parameterError("tempered chains come in groups of " + std::to_string(betas.size()) + ", got " + std::to_string(chains));
  for (std::size_t first = 0; first < chains; first += betas.size()) {
    std::vector<bool> seen(betas.size(), false);
    for (std::size_t c = first; c < first + betas.size(); ++c) {
      if (state_.rung[c] >= betas.size() || seen[state_.rung[c]] || state_.direction[c] > 2)
        throw parameterError("the chains of a group must stand on different rungs of the ladder");
      seen[state_.rung[c]] = true;
    }
  }
}

void Tempering::move(std::size_t chain, std::uint32_t rung) {
  state_.rung[chain] = rung;
  betas_[chain] = ladder_.betas[rung];
  std::uint8_t& direction = state_.direction[chain];
  if (rung == 0) {
    if (direction == 2) ++counts_.roundTrips;
    direction = 1;
  } else if (rung + 1 == rungs() && direction == 1) {
    direction = 2;
  }
}

void Tempering::afterSweep(const States& states, std::size_t first, std::uint64_t sweep, Stream stream) {
  if (sweep % ladder_.every != 0) return;
  const std::vector<double> energies = energiesOf(states);
  stream.purpose = Purpose::swap;
  for (std::size_t r = 0; r < energies.size(); r += rungs())
    swapGroup(first + r, std::span(energies).subspan(r, rungs()), sweep / ladder_.every % 2, stream);
}

std::vector<double> Tempering::energiesOf(const States& states) {
  Backend& backend = machine_.backend();
  if (!sums_ || sums_->size() < states.rows()) {
    energies_.emplace(machine_, allLayers(machine_), states.rows(), false);
    sums_ = backend.doubles(states.rows());
  }
  energies_->compute(states, *sums_);
  std::vector<double> energies(states.rows());
  backend.read(*sums_, energies);
  return energies;
}

void Tempering::swapGroup(std::size_t firstChain, std::span<const double> energies, std::size_t parity, const Stream& stream) {
  // By rung: the member of the group on that rung.
  std::vector<std::size_t> at(rungs());
  for (std::size_t i = 0; i < at.size(); ++i) at[state_.rung[firstChain + i]] = i;
  for (std::size_t k = parity; k + 1 < rungs(); k += 2) {
    ++counts_.attempts[k];
    const double gain = (ladder_.betas[k + 1] - ladder_.betas[k]) * (energies[at[k + 1]] - energies[at[k]]);
    const Words4 words = streamWords(stream, static_cast<std::uint32_t>(firstChain), static_cast<std::uint32_t>(k / 4));
    if (!(uniform<double>(words.w[k % 4]) < std::exp(gain))) continue;
    ++counts_.accepted[k];
    move(firstChain + at[k], static_cast<std::uint32_t>(k + 1));
    move(firstChain + at[k + 1], static_cast<std::uint32_t>(k));
  }
}

}  // namespace boltzkit
