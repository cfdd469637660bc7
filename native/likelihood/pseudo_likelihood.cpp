#include "likelihood/pseudo_likelihood.hpp"

#include <algorithm>
#include <cmath>

#include "machine/enumeration.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

std::size_t unitsOf(const Layer& layer) { return layer.places / groupSize(layer); }

// The share of state number k in a unit's data value.
double share(const Layer& layer, const double* state, std::size_t k) {
  return visitUnit(layer.type, [&](auto unit) { return decltype(unit)::share(k, state); });
}

}  // namespace

std::optional<std::string> PseudoLikelihood::obstacle(const Machine& machine, const std::vector<bool>& given) {
  const bool all = std::find(given.begin(), given.end(), false) == given.end();
  for (std::size_t l = 0; l < given.size(); ++l) {
    const Layer& layer = machine.wiring().layers()[l];
    if (given[l] && keepsTotal(layer.type))
      return "layer '" + layer.name + "' of counts is one unit with a total that depends on the row; it has no pseudo-likelihood";
    if (given[l] && !all && statesOfUnit(layer) == 0)
      return "units of layer '" + layer.name + "' have more values than can be counted; give rows of all layers";
  }
  if (!all && !summable(machine, given)) return "layers that are not given are coupled to each other and cannot be summed out";
  return std::nullopt;
}

PseudoLikelihood::PseudoLikelihood(const Machine& machine, const std::vector<bool>& given, std::size_t rows)
    : machine_(machine), given_(given), allGiven_(std::find(given.begin(), given.end(), false) == given.end()), scratch_(machine, rows) {
  if (const auto reason = obstacle(machine, given)) throw parameterError(*reason);
  for (std::size_t l = 0; l < given.size(); ++l)
    if (given[l]) units_ += unitsOf(machine.wiring().layers()[l]);
  if (allGiven_ || std::count(given.begin(), given.end(), true) != 1) return;
  const auto only = static_cast<std::size_t>(std::find(given.begin(), given.end(), true) - given.begin());
  if (UnitConditionals::possible(machine, only)) differences_.emplace(machine, only, rows);
}

void PseudoLikelihood::exact(const States& states, const Cancelled& cancelled, std::span<double> out) {
  if (allGiven_) return fromFields(states, out);
  if (differences_) differences_->load(states);
  std::vector<double> part(out.size());
  std::vector<std::uint32_t> unit(out.size());
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t i = 0; i < units_; ++i) {
    throwIfCancelled(cancelled);
    std::fill(unit.begin(), unit.end(), static_cast<std::uint32_t>(i));
    terms(states, unit, part);
    for (std::size_t r = 0; r < part.size(); ++r) out[r] += part[r];
  }
}

void PseudoLikelihood::estimate(const States& states, const Stream& stream, std::size_t firstChain, std::span<double> out) {
  if (allGiven_) return fromFields(states, out);
  if (differences_) differences_->load(states);
  std::vector<std::uint32_t> unit(out.size());
  for (std::size_t r = 0; r < unit.size(); ++r) unit[r] = pickUnit(stream, firstChain + r, units_);
  terms(states, unit, out);
  for (double& term : out) term *= static_cast<double>(units_);
}

// log p(s_i | field_i) = field_i s_i - U(s_i) - cumulant(field_i).
void PseudoLikelihood::fromFields(const States& states, std::span<double> out) {
  Backend& backend = machine_.backend();
  const DoublesPtr values = backend.doubles(out.size());
  scratch_.setRows(states.rows());
  for (std::size_t l = 0; l < given_.size(); ++l) {
    unitFields(machine_, l, states, scratch_[l]);
    backend.rowDots(scratch_[l], states[l], {values.get(), 1, l > 0});
    backend.unitEnergies(machine_.unitsOf(l), states[l], {values.get(), -1, true});
    backend.cumulants(machine_.unitsOf(l), scratch_[l], 1, nullptr, {values.get(), -1, true});
  }
  backend.read(*values, out);
}

void PseudoLikelihood::terms(const States& states, std::span<const std::uint32_t> unit, std::span<double> out) {
  if (differences_)
    differences_->logProbabilities(unit, out);
  else
    valueByValue(states, unit, out);
}

std::pair<std::size_t, std::size_t> PseudoLikelihood::place(std::uint32_t unit) const {
  std::size_t left = unit, l = 0;
  for (;; ++l) {
    if (!given_[l]) continue;
    const std::size_t here = unitsOf(machine_.wiring().layers()[l]);
    if (left < here) return {l, left};
    left -= here;
  }
}

void PseudoLikelihood::valueByValue(const States& states, std::span<const std::uint32_t> unit, std::span<double> out) {
  const std::vector<Layer>& layers = machine_.wiring().layers();
  const std::size_t rows = out.size();
  std::vector<std::vector<double>> values(layers.size());
  std::size_t most = 0;
  scratch_.setRows(rows);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (!given_[l]) continue;
    values[l].resize(rows * layers[l].places);
    machine_.backend().download(states[l], std::span<double>(values[l]));
    most = std::max(most, static_cast<std::size_t>(statesOfUnit(layers[l])));
  }
  std::vector<double> energies(most * rows);
  for (std::size_t k = 0; k < most; ++k) {
    std::vector<std::vector<double>> changed = values;
    for (std::size_t r = 0; r < rows; ++r) {
      const auto [l, i] = place(unit[r]);
      const std::size_t group = groupSize(layers[l]);
      for (std::size_t j = 0; j < group; ++j) changed[l][r * layers[l].places + i * group + j] = valueOfState(layers[l], k, j);
    }
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (given_[l]) machine_.backend().upload(std::span<const double>(changed[l]), scratch_[l]);
    freeEnergies(machine_, scratch_, given_, std::span(energies).subspan(k * rows, rows));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const auto [l, i] = place(unit[r]);
    const auto count = static_cast<std::size_t>(statesOfUnit(layers[l]));
    const double* state = values[l].data() + r * layers[l].places + i * groupSize(layers[l]);
    double lowest = energies[r], sum = 0;
    for (std::size_t k = 1; k < count; ++k) lowest = std::min(lowest, energies[k * rows + r]);
    for (std::size_t k = 0; k < count; ++k) sum += std::exp(lowest - energies[k * rows + r]);
    out[r] = 0;
    for (std::size_t k = 0; k < count; ++k)
      if (const double q = share(layers[l], state, k); q != 0) out[r] += q * (lowest - energies[k * rows + r] - std::log(sum));
  }
}

void pseudoLikelihoodOf(Machine& machine, const std::vector<LayerRows>& given, bool exact, const Cancelled& cancelled,
                        std::span<double> out) {
  const LayerData data(machine, given);
  PseudoLikelihood likelihood(machine, data.given(), std::min(chunkRows, data.rows()));
  const Stream stream{machine.seed(), Purpose::monitor, static_cast<std::uint8_t>(given.front().layer),
                      exact ? 0 : machine.random().next(Purpose::monitor).step};
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    const std::span<double> part = out.subspan(first, states.rows());
    if (exact)
      likelihood.exact(states, cancelled, part);
    else
      likelihood.estimate(states, stream, first, part);
  });
}

}  // namespace boltzkit
