#include "algorithms/gradient.hpp"

namespace boltzkit {

void columnSums(Backend& backend, Tensor& ones, const Tensor& states, const Tensor* rowWeights, double alpha, double beta, Tensor& out) {
  ones.setRows(states.rows());
  backend.statistics(ones, states, rowWeights, alpha, beta, out);
}

Gradient::Gradient(const Machine& machine) : machine_(machine) {
  Backend& backend = machine.backend();
  for (std::size_t l = 0; l < machine.wiring().layers().size(); ++l) {
    units_.push_back(backend.tensor(machine.unitParameters(l).rows(), machine.units(l)));
    means_.push_back(backend.tensor(1, machine.units(l)));
  }
  for (const Coupling& c : machine.wiring().couplings()) weights_.push_back(backend.tensor(machine.units(c.a), machine.units(c.b)));
}

void Gradient::accumulate(const States& states, const std::vector<TensorPtr>& means, const Tensor* rowWeights, double alpha, bool first) {
  Backend& backend = machine_.backend();
  const double keep = first ? 0 : 1;
  if (!ones_ || ones_->capacity() < states.rows()) {
    ones_ = backend.tensor(states.rows(), 1);
    backend.fill(1, *ones_);
  }
  auto of = [&](std::size_t layer) -> const Tensor& { return means[layer] ? *means[layer] : states[layer]; };
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    backend.statistics(of(coupling.a), of(coupling.b), rowWeights, alpha, keep, *weights_[c]);
  }
  for (std::size_t l = 0; l < units_.size(); ++l) {
    backend.unitStatistics(machine_.wiring().layers()[l].type, of(l), rowWeights, alpha, keep, *units_[l]);
    columnSums(backend, *ones_, of(l), rowWeights, alpha, keep, *means_[l]);
  }
}

void Gradient::centre(const std::vector<TensorPtr>& offsets) {
  Backend& backend = machine_.backend();
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    const auto [a, b] = machine_.wiring().couplings()[c];
    backend.statistics(*offsets[a], *means_[b], nullptr, -1, 1, *weights_[c]);
    backend.statistics(*means_[a], *offsets[b], nullptr, -1, 1, *weights_[c]);
  }
}

void Gradient::compensate(const std::vector<TensorPtr>& offsets) const {
  Backend& backend = machine_.backend();
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    const auto [a, b] = machine_.wiring().couplings()[c];
    const FieldTerm onA{offsets[b].get(), weights_[c].get(), true, -1}, onB{offsets[a].get(), weights_[c].get(), false, -1};
    backend.fields(std::span(&onA, 1), true, machine_.unitParameters(a));
    backend.fields(std::span(&onB, 1), true, machine_.unitParameters(b));
  }
}

}  // namespace boltzkit
