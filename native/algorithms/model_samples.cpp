#include "algorithms/model_samples.hpp"

#include <algorithm>

namespace boltzkit {

ModelSamples::ModelSamples(Machine& machine, const PartitionOptions& options)
    : machine_(machine),
      options_(options),
      gibbs_(machine, std::vector<bool>(machine.wiring().layers().size(), false), std::min(chunkRows, options.chains)),
      base_(machine) {
  for (std::size_t first = 0; first < options.chains; first += chunkRows)
    blocks_.emplace_back(machine, std::min(chunkRows, options.chains - first));
}

void ModelSamples::run(const Cancelled& cancelled) {
  if (!options_.rows.empty()) data_.emplace(machine_, options_.rows);
  if (data_) addRows(cancelled);
  const Stream starts = stream(1), sweeps = stream(options_.warmup);
  std::size_t first = 0;
  for (States& states : blocks_) {
    start(states, first, starts);
    warmUp(states, first, sweeps, cancelled);
    first += states.rows();
  }
}

AnnealingPath::Base ModelSamples::base() const {
  AnnealingPath::Base base;
  for (std::size_t l = 0; l < machine_.wiring().layers().size(); ++l) base.push_back(base_.parameters(l));
  return base;
}

Stream ModelSamples::stream(std::uint64_t steps) {
  return {machine_.seed(), Purpose::evaluation, 0, machine_.nextStep(Purpose::evaluation, steps)};
}

void ModelSamples::addRows(const Cancelled& cancelled) {
  forEachChunk(machine_, *data_, cancelled, [&](std::size_t, States& states) {
    for (std::size_t l = 0; l < states.layers.size(); ++l)
      if (hasRows(l)) base_.add(l, states[l]);
  });
}

void ModelSamples::start(States& states, std::size_t first, const Stream& stream) {
  Backend& backend = machine_.backend();
  for (std::size_t l = 0; l < states.layers.size(); ++l) {
    const TensorPtr noField = backend.tensor(states.rows(), machine_.units(l));
    UnitUpdate update{machine_.unitsOf(l), 1, stream, static_cast<std::uint32_t>(first), &states[l]};
    update.stream.layer = static_cast<std::uint8_t>(l);
    backend.updateUnits(update, *noField, nullptr, &states[l]);
  }
  if (data_) startAtRows(states, first);
}

void ModelSamples::startAtRows(States& states, std::size_t first) {
  States fromData(machine_, states.rows());
  std::vector<std::uint32_t> rows(states.rows());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>((first + r) * data_->rows() / options_.chains);
  data_->gather(rows, fromData);
  for (std::size_t l = 0; l < states.layers.size(); ++l) {
    if (!hasRows(l)) continue;
    const std::size_t units = machine_.units(l);
    std::vector<float> mask(rows.size() * units, 0.0f);
    for (std::size_t r = 0; r < rows.size(); r += 2) std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(r * units), units, 1.0f);
    const TensorPtr chosen = machine_.backend().tensor(rows.size(), units);
    machine_.backend().upload(std::span<const float>(mask), *chosen);
    machine_.backend().clamp(*chosen, fromData[l], states[l]);
  }
}

void ModelSamples::warmUp(States& states, std::size_t first, const Stream& stream, const Cancelled& cancelled) {
  Round round{stream, static_cast<std::uint32_t>(first)};
  for (std::uint64_t s = 0; s < options_.warmup; ++s, ++round.stream.step) {
    throwIfCancelled(cancelled);
    sweep(states, round);
    for (std::size_t l = 0; l < states.layers.size(); ++l)
      if (s >= options_.warmup / 2 && !hasRows(l)) base_.add(l, states[l]);
  }
}

// Layers without rows first.
void ModelSamples::sweep(States& states, const Round& round) {
  for (const bool rows : {false, true})
    for (const std::vector<std::size_t>& block : gibbs_.blocks())
      for (const std::size_t l : block)
        if (hasRows(l) == rows) gibbs_.update(l, states, round, nullptr, &states[l]);
}

}  // namespace boltzkit
