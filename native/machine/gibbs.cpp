#include "machine/gibbs.hpp"

#include <algorithm>

#include "core/interrupt.hpp"

namespace boltzkit {
namespace {

// Lateral sweeps per backend call, between two checks for cancellation. Enough to make the
// preparation of each call negligible.
constexpr std::uint64_t sweepsAtOnce = 64;

}  // namespace

BlockGibbs::BlockGibbs(const Machine& machine, std::vector<bool> clamped, std::size_t rows)
    : machine_(machine), clamped_(std::move(clamped)), blocks_(machine.wiring().blocks(clamped_)), kept_(clamped_.size()) {
  for (std::size_t l = 0; l < clamped_.size(); ++l)
    fields_.push_back(clamped_[l] ? nullptr : machine.backend().tensor(rows, machine.places(l)));
}

bool BlockGibbs::overwrites(std::size_t layer) const {
  if (blocks_.size() < 2 || std::ranges::find(blocks_.front(), layer) == blocks_.front().end()) return false;
  return !keepsTotal(machine_.wiring().layers()[layer].type) && !machine_.wiring().lateral(layer) && !kept_[layer].mask;
}

void BlockGibbs::restoreKept(std::size_t layer, Tensor& states) const {
  const Kept& kept = kept_[layer];
  if (kept.mask) machine_.backend().clamp(*kept.mask, *kept.values, states);
}

void BlockGibbs::restoreKept(std::size_t layer, Tensor* mean, Tensor* sample) const {
  if (mean) restoreKept(layer, *mean);
  if (sample) restoreKept(layer, *sample);
}

void BlockGibbs::update(std::size_t layer, const States& states, const Round& round, Tensor* mean, Tensor* sample) {
  Interruptible::poll();
  if (machine_.wiring().lateral(layer)) {
    if (mean || sample != &states[layer])
      throw Error(ErrorCode::internal, "a layer coupled to itself is drawn in place and has no joint means");
    return sweepLateral(layer, round, 1, states, *sample);
  }
  fields_[layer]->setRows(states.rows());
  const std::vector<FieldTerm> terms = termsOf(layer, states, accuracy_);
  machine_.backend().fieldsAndUnits(terms, updateOf(layer, round, &states[layer]), *fields_[layer], mean, sample);
  restoreKept(layer, mean, sample);
}

void BlockGibbs::refreshFields(std::size_t layer, const States& states) {
  fields_[layer]->setRows(states.rows());
  machine_.backend().fields(termsOf(layer, states, accuracy_), false, *fields_[layer]);
}

void BlockGibbs::addToFields(std::size_t layer, std::span<const FieldTerm> terms) {
  machine_.backend().fields(terms, true, *fields_[layer]);
}

void BlockGibbs::redraw(std::size_t layer, const States& states, const Round& round, Tensor* mean, Tensor* sample) {
  machine_.backend().updateUnits(updateOf(layer, round, &states[layer]), *fields_[layer], mean, sample);
  restoreKept(layer, mean, sample);
}

std::vector<FieldTerm> BlockGibbs::termsOf(std::size_t layer, const States& states, Accuracy accuracy) const {
  std::vector<FieldTerm> terms = fieldTerms(machine_, layer, states, {});
  for (FieldTerm& term : terms) term.accuracy = accuracy, term.reuse = reuse_;
  return terms;
}

UnitUpdate BlockGibbs::updateOf(std::size_t layer, const Round& round, const Tensor* before) const {
  Units units = machine_.unitsOf(layer);
  if (round.parameters) units.parameters = (*round.parameters)[layer].get();
  UnitUpdate update{units, round.beta, round.stream, round.firstChain, before, round.betas, round.draw};
  update.stream.layer = static_cast<std::uint8_t>(layer);
  return update;
}

// Backend::fields knows neither units nor beta. So its errors are small enough only for draws of
// units with a standard deviation of at most 1 given any field, at beta up to 1.
Accuracy BlockGibbs::lateralAccuracy(std::size_t layer, const Round& round) const {
  const Layer& units = machine_.wiring().layers()[layer];
  const UnitDomain domain = visitUnit(units.type, [&](auto unit) { return decltype(unit)::domain(units.size); });
  const double beta = round.betas.empty() ? round.beta : *std::ranges::max_element(round.betas);
  return domain.low >= -1 && domain.high <= 1 && beta <= 1 ? accuracy_ : Accuracy::full;
}

void BlockGibbs::sweepLateral(std::size_t layer, const Round& round, std::uint64_t sweeps, const States& states, Tensor& sample) {
  const Coupling& coupling = *machine_.wiring().lateral(layer);
  LateralSweep lateral{&machine_.lateralWeights(layer), coupling.graph.get(), nullptr, kept_[layer].mask, sweeps};
  if (machine_.wiring().couplingsOf(layer) > 1) {
    fields_[layer]->setRows(states.rows());
    machine_.backend().fields(termsOf(layer, states, lateralAccuracy(layer, round)), false, *fields_[layer]);
    lateral.fields = fields_[layer].get();
  }
  UnitUpdate update = updateOf(layer, round, nullptr);
  for (std::uint64_t left = sweeps; left > 0; left -= lateral.sweeps, update.stream.step += lateral.sweeps) {
    Interruptible::poll();
    lateral.sweeps = std::min(left, sweepsAtOnce);
    machine_.backend().sweepLateral(update, lateral, sample);
  }
}

void BlockGibbs::sweep(States& states, Round round, std::uint64_t sweeps) {
  // If the only free layer is coupled to itself, its fields are constant: the backend runs all
  // sweeps in one call.
  if (blocks_.size() == 1 && blocks_[0].size() == 1 && machine_.wiring().lateral(blocks_[0][0]))
    return sweepLateral(blocks_[0][0], round, sweeps, states, states[blocks_[0][0]]);
  for (std::uint64_t s = 0; s < sweeps; ++s, ++round.stream.step)
    for (const std::vector<std::size_t>& block : blocks_)
      for (std::size_t layer : block) update(layer, states, round, nullptr, &states[layer]);
}

}  // namespace boltzkit
