#include "learning/negative/model_chains.hpp"

namespace boltzkit {

namespace {

std::vector<bool> flagsOf(const Machine& machine, const std::vector<std::size_t>& layers) {
  std::vector<bool> flags = noLayer(machine);
  for (const std::size_t l : layers) flags[l] = true;
  return flags;
}

}  // namespace

ModelChains::ModelChains(Machine& machine, std::size_t chains, std::uint64_t sweeps, const std::vector<std::size_t>& given)
    : machine_(machine),
      gibbs_(machine, flagsOf(machine, given), chains),
      phase_(machine, chains, lastBlock(machine, flagsOf(machine, given)), gibbs_) {
  gibbs_.setAccuracy(Accuracy::draws, chains * sweeps);
}

void ModelChains::start(const LayerData& data, std::size_t replicas) {
  const std::size_t chains = phase_.states.rows();
  std::vector<std::uint32_t> rows(chains);
  for (std::size_t c = 0; c < chains; ++c) rows[c] = static_cast<std::uint32_t>(c / replicas * replicas * data.rows() / chains);
  data.gather(rows, phase_.states);
  const Stream stream = machine_.random().next(Purpose::chainStart);
  for (std::size_t l = 0; l < phase_.means.size(); ++l)
    drawWithoutField(machine_.backend(), machine_.unitsOf(l), l, stream, 0, phase_.states[l]);
}

void ModelChains::startAt(const States& states) {
  phase_.setRows(states.rows());
  for (std::size_t l = 0; l < states.layers.size(); ++l)
    if (!gibbs_.overwrites(l)) machine_.backend().axpby(1, states[l], 0, phase_.states[l]);
}

void ModelChains::run(std::uint64_t sweeps, bool persist) {
  const Stream stream = machine_.random().next(Purpose::negative, sweeps);
  sweepToMeans(gibbs_, phase_, {stream}, sweeps, persist);
}

std::map<std::string, Tensor*> ModelChains::tensors() {
  std::map<std::string, Tensor*> all;
  for (std::size_t l = 0; l < machine_.wiring().layers().size(); ++l)
    all["chains/" + machine_.wiring().layers()[l].name] = &phase_.states[l];
  return all;
}

}  // namespace boltzkit
