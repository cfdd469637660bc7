// Checks the options of a chain run. Every message says what was expected and what was given.
#include <algorithm>
#include <cmath>
#include <string>

#include "core/checked.hpp"
#include "machine/normalisable.hpp"
#include "sampling/chains.hpp"

namespace boltzkit {
namespace {

void checkBetas(const std::vector<double>& betas, const char* name) {
  for (double beta : betas)
    if (!std::isfinite(beta) || beta < 0) throw parameterError(std::string(name) + " must be finite and at least 0, got " + decimal(beta));
}

const std::string& nameOf(const Machine& machine, std::size_t layer) { return machine.wiring().layers()[layer].name; }

// The value at [chain, place] of a matrix with one row, or with one row per chain.
float at(const std::vector<float>& values, std::size_t places, std::size_t chain, std::size_t place) {
  return values[(values.size() == places ? 0 : chain) * places + place];
}

// A clamp must cover all places of a unit or none. A softmax unit must be clamped to one category
// or to probabilities.
void checkUnit(const Machine& machine, const ChainOptions::Clamp& c, std::size_t chain, std::size_t first, std::size_t size) {
  const Layer& layer = machine.wiring().layers()[c.layer];
  const std::string where = "unit " + std::to_string(first / size) + " of layer '" + layer.name + "'";
  std::size_t held = 0;
  double sum = 0;
  for (std::size_t k = 0; k < size; ++k) {
    if (at(c.mask, layer.places, chain, first + k) == 0) continue;
    ++held;
    sum += at(c.values, layer.places, chain, first + k);
  }
  if (held != 0 && held != size)
    throw parameterError("a clamp must hold all " + std::to_string(size) + " places of " + where + " or none, got " + std::to_string(held));
  if (held != 0 && layer.type == UnitType::softmax && std::fabs(sum - 1) > 1e-5)
    throw parameterError("the places of " + where + " must be clamped to one category, got values that add up to " + decimal(sum));
}

void checkClamp(const Machine& machine, const ChainOptions& options, const ChainOptions::Clamp& c) {
  requireLayer(machine.wiring(), c.layer);
  const Layer& layer = machine.wiring().layers()[c.layer];
  for (const std::vector<float>* v : {&c.mask, &c.values})
    if (v->size() != layer.places && v->size() != checkedMultiply(options.chains, layer.places))
      throw shapeError("a clamp needs one row or one per chain of " + std::to_string(layer.places) + " units, got " +
                       std::to_string(v->size()) + " values");
  const UnitDomain domain = visitUnit(layer.type, [&](auto unit) { return decltype(unit)::domain(layer.size); });
  for (float value : c.values)
    if (!(value >= domain.low && value <= domain.high) || (domain.integers && value != std::floor(value)))
      throw parameterError("clamped values of layer '" + layer.name + "' must be " + (domain.integers ? "whole numbers " : "") + "in [" +
                           decimal(domain.low) + ", " + decimal(domain.high) + "], got " + decimal(value));
  const std::size_t size = groupSize(layer), rows = std::max(c.mask.size(), c.values.size()) / layer.places;
  if (size == 1) return;
  for (std::size_t chain = 0; chain < rows; ++chain)
    for (std::size_t first = 0; first < layer.places; first += size) checkUnit(machine, c, chain, first, size);
}

void checkClamps(const Machine& machine, const ChainOptions& options) {
  std::vector<bool> seen(machine.wiring().layers().size(), false);
  std::size_t whole = 0;
  for (const ChainOptions::Clamp& c : options.clamps) {
    checkClamp(machine, options, c);
    if (seen[c.layer])
      throw parameterError("layer '" + nameOf(machine, c.layer) + "' must be clamped once, its clamps could contradict each other");
    seen[c.layer] = true;
    if (std::find(c.mask.begin(), c.mask.end(), 0.0f) == c.mask.end()) ++whole;
  }
  if (whole == seen.size()) throw parameterError("every unit is clamped, which leaves nothing to draw");
}

void checkPairs(const Machine& machine, const ChainOptions::Observe& observe) {
  if (observe.every == 0) throw parameterError("there must be at least one sweep from one observation to the next");
  for (const auto& [a, b] : observe.pairs) requireLayer(machine.wiring(), std::max(a, b));
}

}  // namespace

void validateChains(const Machine& machine, const ChainOptions& options) {
  requireNormalisable(machine);
  if (options.chains == 0 || options.chains > 0xffffffffu) throw parameterError("chains must be 1 to 4294967295");
  if (options.steps >= maxStreamStep) throw parameterError("sweeps must be below 2^48");
  checkBetas(options.betas, "beta");
  checkBetas(options.schedule, "the betas of a schedule");
  if (options.betas.size() != 1 && options.betas.size() != options.chains)
    throw shapeError("beta must be one number or one per chain (" + std::to_string(options.chains) + "), got " +
                     std::to_string(options.betas.size()));
  if (!options.schedule.empty() && options.schedule.size() != options.steps)
    throw shapeError("a schedule must have one beta per sweep (" + std::to_string(options.steps) + "), got " +
                     std::to_string(options.schedule.size()));
  if (options.tempered && options.tempered->state.rung.size() != options.chains)
    throw shapeError("a ladder's state must be that of " + std::to_string(options.chains) + " chains, got " +
                     std::to_string(options.tempered->state.rung.size()));
  // The constructor throws if the ladder is invalid.
  if (options.tempered) Tempering(machine, options.tempered->ladder, options.tempered->state);
  for (const LayerRows& rows : options.start)
    if (rows.rows->rows() != options.chains)
      throw shapeError("start states must have " + std::to_string(options.chains) + " rows (chains), got " +
                       std::to_string(rows.rows->rows()));
  for (const LayerRows& rows : options.start) requireStates(machine, rows);
  checkClamps(machine, options);
  if (options.observe) checkPairs(machine, *options.observe);
}

}  // namespace boltzkit
