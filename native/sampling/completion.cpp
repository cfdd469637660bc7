#include "sampling/completion.hpp"

namespace boltzkit {

Completion::Completion(const Machine& machine, const LayerData& data, std::size_t rows, const DrawnAnew& anew)
    : machine_(machine), data_(data), gibbs_(machine, data.complete(), rows), anew_(anew), observed_(data.given().size()) {
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
  gather(batch, states, round);
  if (anew_.binary) drawBinary(states, round);
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

// Uses one step of the stream if it draws.
void Completion::gather(const Batch& batch, States& states, Round& round) const {
  if (!seesAnew()) return data_.gather(batch, states);
  data_.gather(batch, states, {round.stream, round.firstChain}, *anew_.seen);
  ++round.stream.step;
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
