#include "machine/gibbs.hpp"

namespace boltzkit {

BlockGibbs::BlockGibbs(const Machine& machine, std::vector<bool> clamped, std::size_t rows)
    : machine_(machine), clamped_(std::move(clamped)), blocks_(machine.wiring().blocks(clamped_)) {
  for (std::size_t l = 0; l < clamped_.size(); ++l)
    fields_.push_back(clamped_[l] ? nullptr : machine.backend().tensor(rows, machine.units(l)));
}

void BlockGibbs::update(std::size_t layer, const States& states, const Stream& stream, std::uint32_t firstChain, double beta, Tensor* mean,
                        Tensor* sample) {
  Tensor& fields = *fields_[layer];
  fields.setRows(states.rows());
  layerFields(machine_, layer, states, {}, fields);
  UnitUpdate update{machine_.unitsOf(layer), beta, stream, firstChain, &states[layer]};
  update.stream.layer = static_cast<std::uint8_t>(layer);
  const Tensor* lateral = machine_.lateralWeights(layer);
  if (!lateral) return machine_.backend().updateUnits(update, fields, mean, sample);
  if (mean || sample != &states[layer])
    throw Error(ErrorCode::internal, "a layer coupled to itself is drawn in place and has no joint means");
  machine_.backend().sweepLateral(update, fields, *lateral, *sample);
}

void BlockGibbs::sweep(States& states, const Stream& stream, std::uint32_t firstChain, double beta) {
  for (const std::vector<std::size_t>& block : blocks_)
    for (std::size_t layer : block) update(layer, states, stream, firstChain, beta, nullptr, &states[layer]);
}

}  // namespace boltzkit
