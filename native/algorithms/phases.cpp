#include "algorithms/phases.hpp"

namespace boltzkit {
namespace {

std::vector<bool> inverted(std::vector<bool> flags) {
  flags.flip();
  return flags;
}

void requireUncoupled(const Machine& machine, const std::vector<bool>& free) {
  const std::vector<Layer>& layers = machine.wiring().layers();
  for (const Coupling& c : machine.wiring().couplings())
    if (free[c.a] && free[c.b])
      throw parameterError("layers without data must not be coupled to each other, '" + layers[c.a].name + "' and '" + layers[c.b].name +
                           "' are");
}

std::vector<bool> lastBlock(const Machine& machine) {
  std::vector<bool> flags(machine.wiring().layers().size(), false);
  const std::vector<std::vector<std::size_t>> blocks = machine.wiring().blocks(flags);
  for (std::size_t layer : blocks.back()) flags[layer] = true;
  return flags;
}

}  // namespace

Phase::Phase(const Machine& machine, std::size_t rows, const std::vector<bool>& withMeans, const BlockGibbs& gibbs)
    : states(machine, rows) {
  for (std::size_t l = 0; l < withMeans.size(); ++l) {
    const bool linear = visitUnit(machine.wiring().layers()[l].type, [](auto unit) { return decltype(unit)::linear; });
    means.push_back(withMeans[l] ? machine.backend().tensor(rows, machine.units(l)) : nullptr);
    fields.push_back(withMeans[l] && !linear ? &gibbs.fields(l) : nullptr);
  }
}

void Phase::setRows(std::size_t n) {
  states.setRows(n);
  for (TensorPtr& mean : means)
    if (mean) mean->setRows(n);
}

PositivePhase::PositivePhase(Machine& machine, const LayerData& data, std::size_t batchSize)
    : machine_(machine),
      data_(data),
      free_(inverted(data.given())),
      gibbs_(machine, data.given(), batchSize),
      phase_(machine, batchSize, free_, gibbs_) {
  requireUncoupled(machine, free_);
}

void PositivePhase::run(std::span<const std::uint32_t> rows, bool sample) {
  phase_.setRows(rows.size());
  data_.gather(rows, phase_.states);
  const Stream stream{machine_.seed(), Purpose::positive, 0, machine_.nextStep(Purpose::positive)};
  for (std::size_t l = 0; l < free_.size(); ++l)
    if (free_[l]) gibbs_.update(l, phase_.states, stream, 0, 1, phase_.means[l].get(), sample ? &phase_.states[l] : nullptr);
}

NegativePhase::NegativePhase(Machine& machine, std::size_t chains)
    : machine_(machine),
      gibbs_(machine, std::vector<bool>(machine.wiring().layers().size(), false), chains),
      phase_(machine, chains, lastBlock(machine), gibbs_) {}

void NegativePhase::start(const LayerData& data) {
  const std::size_t chains = phase_.states.rows();
  std::vector<std::uint32_t> rows(chains);
  for (std::size_t c = 0; c < chains; ++c) rows[c] = static_cast<std::uint32_t>(c * data.rows() / chains);
  data.gather(rows, phase_.states);
  Stream stream{machine_.seed(), Purpose::chainStart, 0, machine_.nextStep(Purpose::chainStart)};
  for (std::size_t l = 0; l < phase_.means.size(); ++l) {
    if (data.given()[l]) continue;
    const TensorPtr noField = machine_.backend().tensor(chains, machine_.units(l));
    stream.layer = static_cast<std::uint8_t>(l);
    machine_.backend().updateUnits({machine_.unitsOf(l), 1, stream, 0}, *noField, nullptr, &phase_.states[l]);
  }
}

void NegativePhase::run(std::uint64_t sweeps, bool persist) {
  Stream stream{machine_.seed(), Purpose::negative, 0, machine_.nextStep(Purpose::negative, sweeps)};
  for (std::uint64_t s = 0; s + 1 < sweeps; ++s, ++stream.step) gibbs_.sweep(phase_.states, stream, 0, 1);
  for (const std::vector<std::size_t>& block : gibbs_.blocks())
    for (std::size_t layer : block) {
      Tensor* mean = phase_.means[layer].get();
      gibbs_.update(layer, phase_.states, stream, 0, 1, mean, mean && !persist ? nullptr : &phase_.states[layer]);
    }
}

}  // namespace boltzkit
