#include "machine/gibbs.hpp"

namespace boltzkit {

BlockGibbs::BlockGibbs(const Machine& machine, std::vector<bool> clamped, std::size_t rows)
    : machine_(machine), clamped_(std::move(clamped)), blocks_(machine.wiring().blocks(clamped_)), kept_(clamped_.size()) {
  for (std::size_t l = 0; l < clamped_.size(); ++l)
    fields_.push_back(clamped_[l] ? nullptr : machine.backend().tensor(rows, machine.units(l)));
}

void BlockGibbs::restoreKept(std::size_t layer, Tensor& states) const {
  const Kept& kept = kept_[layer];
  if (kept.mask) machine_.backend().clamp(*kept.mask, *kept.values, states);
}

void BlockGibbs::update(std::size_t layer, const States& states, const Round& round, Tensor* mean, Tensor* sample) {
  if (machine_.wiring().lateral(layer)) {
    if (mean || sample != &states[layer])
      throw Error(ErrorCode::internal, "a layer coupled to itself is drawn in place and has no joint means");
    return sweepLateral(layer, round, 1, states, *sample);
  }
  Tensor& fields = *fields_[layer];
  fields.setRows(states.rows());
  layerFields(machine_, layer, states, {}, fields);
  UnitUpdate update{machine_.unitsOf(layer), round.beta, round.stream, round.firstChain, &states[layer], round.betas, round.draw};
  update.stream.layer = static_cast<std::uint8_t>(layer);
  machine_.backend().updateUnits(update, fields, mean, sample);
  if (mean) restoreKept(layer, *mean);
  if (sample) restoreKept(layer, *sample);
}

void BlockGibbs::sweepLateral(std::size_t layer, const Round& round, std::uint64_t sweeps, const States& states, Tensor& sample) {
  const Coupling& coupling = *machine_.wiring().lateral(layer);
  LateralSweep lateral{&machine_.lateralWeights(layer), coupling.graph.get(), nullptr, kept_[layer].mask, sweeps};
  if (machine_.wiring().couplingsOf(layer) > 1) {
    fields_[layer]->setRows(states.rows());
    layerFields(machine_, layer, states, {}, *fields_[layer]);
    lateral.fields = fields_[layer].get();
  }
  UnitUpdate update{machine_.unitsOf(layer), round.beta, round.stream, round.firstChain, nullptr, round.betas, round.draw};
  update.stream.layer = static_cast<std::uint8_t>(layer);
  machine_.backend().sweepLateral(update, lateral, sample);
}

void BlockGibbs::sweep(States& states, Round round, std::uint64_t sweeps) {
  // With one free layer that is coupled to itself its fields stay as they are, and the backend takes all sweeps in one go.
  if (blocks_.size() == 1 && blocks_[0].size() == 1 && machine_.wiring().lateral(blocks_[0][0]))
    return sweepLateral(blocks_[0][0], round, sweeps, states, states[blocks_[0][0]]);
  for (std::uint64_t s = 0; s < sweeps; ++s, ++round.stream.step)
    for (const std::vector<std::size_t>& block : blocks_)
      for (std::size_t layer : block) update(layer, states, round, nullptr, &states[layer]);
}

}  // namespace boltzkit
