#include "sampling/completion.hpp"

namespace boltzkit {

Completion::Completion(const Machine& machine, const LayerData& data, std::size_t rows, bool draw)
    : machine_(machine), data_(data), gibbs_(machine, data.complete(), rows), draw_(draw), observed_(data.given().size()) {
  for (std::size_t l = 0; l < observed_.size(); ++l) {
    lateral_ |= !data.complete()[l] && machine.wiring().lateral(l);
    if (!data.missing(l)) continue;
    observed_[l] = {machine.backend().tensor(rows, machine.places(l)), machine.backend().tensor(rows, machine.places(l))};
    gibbs_.keep(l, observed_[l].present.get(), observed_[l].values.get());
  }
}

void Completion::load(const Batch& batch, States& states, const Round& at) {
  Backend& backend = machine_.backend();
  Round round = at;
  data_.gather(batch, states);
  if (draw_) drawBinary(states, round);
  for (std::size_t l = 0; l < observed_.size(); ++l) {
    if (!data_.given()[l] && !factorised()) backend.fill(0, states[l]);
    if (!data_.missing(l)) continue;
    observed_[l].present->setRows(batch.count);
    observed_[l].values->setRows(batch.count);
    backend.splitMissing(states[l], *observed_[l].present);
    backend.axpby(1, states[l], 0, *observed_[l].values);
  }
  for (std::size_t l = 0; l < observed_.size(); ++l)
    if (data_.missing(l)) gibbs_.update(l, states, round, nullptr, &states[l]);
}

// Uses one step of the stream.
void Completion::drawBinary(States& states, Round& round) const {
  for (std::size_t l = 0; l < observed_.size(); ++l) {
    if (!data_.given()[l] || machine_.wiring().layers()[l].type != UnitType::bernoulli) continue;
    round.stream.layer = static_cast<std::uint8_t>(l);
    machine_.backend().drawBinary(round.stream, round.firstChain, states[l]);
  }
  ++round.stream.step;
}

}  // namespace boltzkit
