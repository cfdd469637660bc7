#include "algorithms/phases.hpp"

namespace boltzkit {

std::vector<bool> lastBlock(const Machine& machine, const std::vector<bool>& clamped) {
  std::vector<bool> flags(machine.wiring().layers().size(), false);
  const std::vector<std::vector<std::size_t>> blocks = machine.wiring().blocks(clamped);
  if (blocks.empty()) return flags;
  for (std::size_t layer : blocks.back()) flags[layer] = machine.wiring().lateral(layer) == nullptr;
  return flags;
}

// The same where data are given. A layer with values of its own takes part with states: only some of its places have means.
static std::vector<bool> lastBlock(const Machine& machine, const LayerData& data) {
  std::vector<bool> flags = lastBlock(machine, data.complete());
  for (std::size_t l = 0; l < flags.size(); ++l) flags[l] = flags[l] && !data.given()[l];
  return flags;
}

void sweepToMeans(BlockGibbs& gibbs, Phase& phase, Stream stream, std::uint64_t sweeps, bool persist) {
  gibbs.sweep(phase.states, {stream}, sweeps - 1);
  stream.step += sweeps - 1;
  for (const std::vector<std::size_t>& block : gibbs.blocks())
    for (std::size_t layer : block) {
      Tensor* mean = phase.means[layer].get();
      gibbs.update(layer, phase.states, {stream}, mean, mean && !persist ? nullptr : &phase.states[layer]);
    }
}

bool linear(const Machine& machine, std::size_t layer) {
  return visitUnit(machine.wiring().layers()[layer].type, [](auto unit) { return decltype(unit)::linear; });
}

Phase::Phase(const Machine& machine, std::size_t rows, const std::vector<bool>& withMeans, const BlockGibbs& gibbs)
    : states(machine, rows) {
  for (std::size_t l = 0; l < withMeans.size(); ++l) {
    means.push_back(withMeans[l] ? machine.backend().tensor(rows, machine.units(l)) : nullptr);
    fields.push_back(withMeans[l] && !linear(machine, l) ? &gibbs.fields(l) : nullptr);
  }
}

void Phase::setRows(std::size_t n) {
  states.setRows(n);
  for (TensorPtr& mean : means)
    if (mean) mean->setRows(n);
}

PositivePhase::PositivePhase(Machine& machine, const LayerData& data, std::size_t batchSize, std::uint64_t sweeps)
    : machine_(machine),
      completion_(machine, data, batchSize),
      sweeps_(completion_.factorised() ? 1 : sweeps),
      phase_(machine, batchSize, lastBlock(machine, data), completion_.gibbs()) {}

void PositivePhase::run(std::span<const std::uint32_t> rows, bool sample) {
  phase_.setRows(rows.size());
  const std::uint64_t loadSteps = completion_.loadSteps();
  Stream stream{machine_.seed(), Purpose::positive, 0, machine_.nextStep(Purpose::positive, loadSteps + sweeps_)};
  completion_.load(rows, phase_.states, {stream});
  stream.step += loadSteps;
  sweepToMeans(completion_.gibbs(), phase_, stream, sweeps_, sample);
}

}  // namespace boltzkit
