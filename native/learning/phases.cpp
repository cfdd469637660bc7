#include "learning/phases.hpp"

namespace boltzkit {

std::vector<bool> lastBlock(const Machine& machine, const std::vector<bool>& clamped) {
  std::vector<bool> flags(machine.wiring().layers().size(), false);
  const std::vector<std::vector<std::size_t>> blocks = machine.wiring().blocks(clamped);
  if (blocks.empty()) return flags;
  for (std::size_t layer : blocks.back()) flags[layer] = machine.wiring().lateral(layer) == nullptr;
  return flags;
}

// The same, given data. A layer with data, even incomplete, keeps its states: only some of its
// places have means.
static std::vector<bool> lastBlock(const Machine& machine, const LayerData& data) {
  std::vector<bool> flags = lastBlock(machine, data.complete());
  for (std::size_t l = 0; l < flags.size(); ++l) flags[l] = flags[l] && !data.given()[l];
  return flags;
}

void sweepToMeans(BlockGibbs& gibbs, Phase& phase, Round round, std::uint64_t sweeps, bool persist) {
  gibbs.sweep(phase.states, round, sweeps - 1);
  round.stream.step += sweeps - 1;
  for (const std::vector<std::size_t>& block : gibbs.blocks())
    for (std::size_t layer : block) {
      Tensor* mean = phase.means[layer].get();
      gibbs.update(layer, phase.states, round, mean, mean && !persist ? nullptr : &phase.states[layer]);
    }
}

bool linear(const Machine& machine, std::size_t layer) {
  return visitUnit(machine.wiring().layers()[layer].type, [](auto unit) { return decltype(unit)::linear; });
}

Phase::Phase(const Machine& machine, std::size_t rows, const std::vector<bool>& withMeans, const BlockGibbs& gibbs)
    : states(machine, rows) {
  for (std::size_t l = 0; l < withMeans.size(); ++l) {
    means.push_back(withMeans[l] ? machine.backend().tensor(rows, machine.places(l)) : nullptr);
    fields.push_back(withMeans[l] && !linear(machine, l) ? &gibbs.fields(l) : nullptr);
  }
}

void Phase::setRows(std::size_t n) {
  states.setRows(n);
  for (TensorPtr& mean : means)
    if (mean) mean->setRows(n);
}

// With a mean-field posterior all layers without data have means, with lateral couplings or not.
static std::vector<bool> layersWithMeans(const Machine& machine, const LayerData& data, bool meanField) {
  std::vector<bool> flags = data.given();
  flags.flip();
  return meanField ? flags : lastBlock(machine, data);
}

PositivePhase::PositivePhase(Machine& machine, const LayerData& data, std::size_t batchSize, std::uint64_t sweeps, bool meanField,
                             bool draw)
    : machine_(machine),
      data_(data),
      completion_(machine, data, batchSize, {draw, Accuracy::draws}),
      meanField_(meanField && (!completion_.factorised() || data.anyMissing())),
      sweeps_(completion_.factorised() ? 1 : sweeps),
      phase_(machine, batchSize, layersWithMeans(machine, data, meanField_), completion_.gibbs()) {
  completion_.gibbs().setAccuracy(Accuracy::draws, batchSize * sweeps_);
  if (!meanField_) return;
  fields_.emplace(machine, batchSize);
  for (std::size_t l = 0; l < phase_.fields.size(); ++l)
    if (phase_.fields[l]) phase_.fields[l] = &(*fields_)[l];
}

void PositivePhase::run(const Batch& batch, bool sample) {
  phase_.setRows(batch.count);
  const std::uint64_t loadSteps = completion_.loadSteps();
  Round round{machine_.random().next(Purpose::positive, loadSteps + sweeps_)};
  if (meanField_) round.draw = Draw::mean;
  completion_.load(batch, phase_.states, round);
  round.stream.step += loadSteps;
  if (meanField_) return factorise(round, sample);
  sweepToMeans(completion_.gibbs(), phase_, round, sweeps_, sample);
}

// Computes means by mean-field sweeps. If `sample`, also draws independent states with these means.
void PositivePhase::factorise(Round round, bool sample) {
  completion_.gibbs().sweep(phase_.states, round, sweeps_);
  fields_->setRows(phase_.states.rows());
  for (std::size_t l = 0; l < phase_.means.size(); ++l) {
    if (!phase_.means[l]) continue;
    machine_.backend().axpby(1, phase_.states[l], 0, *phase_.means[l]);
    unitFields(machine_, l, phase_.states, (*fields_)[l]);
  }
  for (std::size_t l = 0; sample && l < phase_.means.size(); ++l) {
    if (!phase_.means[l]) continue;
    round.stream.layer = static_cast<std::uint8_t>(l);
    machine_.backend().updateUnits({machine_.unitsOf(l), 1, round.stream, 0, &phase_.states[l]}, (*fields_)[l], nullptr, &phase_.states[l]);
  }
}

}  // namespace boltzkit
