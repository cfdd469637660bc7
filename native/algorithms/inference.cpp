#include "algorithms/inference.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/pseudo_likelihood.hpp"
#include "algorithms/row_chunks.hpp"
#include "core/checked.hpp"

namespace boltzkit {
namespace {

// Rows [first, first + n) of a result that is [all rows, width].
template <class T>
std::span<T> slice(std::vector<T>& result, std::size_t first, std::size_t n, std::size_t width) {
  return std::span(result).subspan(first * width, n * width);
}

void requireDirect(const Machine& machine, const std::vector<bool>& given, std::size_t target) {
  const std::vector<Layer>& layers = machine.wiring().layers();
  if (target >= layers.size()) throw parameterError("there is no layer number " + std::to_string(target));
  if (given[target]) throw parameterError("layer '" + layers[target].name + "' is given, so it cannot be asked for");
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (!given[l] && machine.wiring().coupled(l, target))
      throw parameterError("layer '" + layers[target].name + "' is coupled to '" + layers[l].name + "', whose rows are not given");
}

Stream conditionalStream(Machine& machine, std::size_t layer) {
  return {machine.seed(), Purpose::conditional, static_cast<std::uint8_t>(layer), machine.nextStep(Purpose::conditional)};
}

// Writes the mean or a sample of `layer` into `out`, given the layers marked in `from`.
void drawLayer(const Machine& machine, std::size_t layer, const States& states, const std::vector<bool>& from, Draw draw,
               const Stream& stream, std::size_t firstChain, Tensor& fields, Tensor& out) {
  fields.setRows(states.rows());
  layerFields(machine, layer, states, from, fields);
  const UnitUpdate update{machine.unitsOf(layer), 1, stream, static_cast<std::uint32_t>(firstChain)};
  machine.backend().updateUnits(update, fields, draw == Draw::mean ? &out : nullptr, draw == Draw::sample ? &out : nullptr);
}

}  // namespace

std::vector<float> conditional(Machine& machine, const std::vector<LayerRows>& given, std::size_t target, Draw draw,
                               const Cancelled& cancelled) {
  const LayerData data(machine, given);
  requireDirect(machine, data.given(), target);
  const Stream stream = draw == Draw::sample ? conditionalStream(machine, target) : Stream{};
  const std::size_t units = machine.units(target);
  std::vector<float> result(checkedMultiply(data.rows(), units));
  TensorPtr fields = machine.backend().tensor(std::min(chunkRows, data.rows()), units);
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    drawLayer(machine, target, states, data.given(), draw, stream, first, *fields, states[target]);
    machine.backend().download(states[target], slice(result, first, states.rows(), units));
  });
  return result;
}

std::vector<float> reconstruct(Machine& machine, const LayerRows& given, std::size_t via, Draw draw, const Cancelled& cancelled) {
  const LayerData data(machine, {given});
  requireDirect(machine, data.given(), via);
  std::vector<bool> fromVia(data.given().size(), false);
  fromVia[via] = true;
  const Stream stream = draw == Draw::sample ? conditionalStream(machine, via) : Stream{};
  const std::size_t units = machine.units(given.layer), rows = std::min(chunkRows, data.rows());
  std::vector<float> result(checkedMultiply(data.rows(), units));
  TensorPtr up = machine.backend().tensor(rows, machine.units(via)), down = machine.backend().tensor(rows, units);
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    drawLayer(machine, via, states, data.given(), draw, stream, first, *up, states[via]);
    drawLayer(machine, given.layer, states, fromVia, Draw::mean, {}, first, *down, states[given.layer]);
    machine.backend().download(states[given.layer], slice(result, first, states.rows(), units));
  });
  return result;
}

std::vector<float> categoryProbabilities(Machine& machine, const std::vector<LayerRows>& given, std::size_t layer,
                                         const Cancelled& cancelled) {
  const LayerData data(machine, given);
  if (layer >= machine.wiring().layers().size()) throw parameterError("there is no layer number " + std::to_string(layer));
  const Layer& asked = machine.wiring().layers()[layer];
  if (data.given()[layer]) throw parameterError("layer '" + asked.name + "' is given, so it cannot be asked for");
  if (asked.type != UnitType::softmax || asked.size != asked.units)
    throw parameterError("layer '" + asked.name + "' must be one softmax unit");
  Backend& backend = machine.backend();
  const std::size_t categories = asked.units;
  std::vector<bool> known = data.given();
  known[layer] = true;
  TensorPtr all = backend.tensor(1, categories), category = backend.tensor(1, categories);
  backend.fill(1, *all);
  std::vector<float> result(checkedMultiply(data.rows(), categories)), oneHot(categories);
  std::vector<double> energies;
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    const std::size_t rows = states.rows();
    energies.resize(rows * categories);
    for (std::size_t k = 0; k < categories; ++k) {
      std::fill(oneHot.begin(), oneHot.end(), 0.0f);
      oneHot[k] = 1;
      backend.upload(std::span<const float>(oneHot), *category);
      backend.clamp(*all, *category, states[layer]);
      freeEnergies(machine, states, known, std::span(energies).subspan(k * rows, rows));
    }
    for (std::size_t r = 0; r < rows; ++r) {
      double lowest = energies[r], sum = 0;
      for (std::size_t k = 1; k < categories; ++k) lowest = std::min(lowest, energies[k * rows + r]);
      for (std::size_t k = 0; k < categories; ++k) sum += std::exp(lowest - energies[k * rows + r]);
      for (std::size_t k = 0; k < categories; ++k)
        result[(first + r) * categories + k] = static_cast<float>(std::exp(lowest - energies[k * rows + r]) / sum);
    }
  });
  return result;
}

std::vector<double> energyOf(Machine& machine, const std::vector<LayerRows>& all, const Cancelled& cancelled) {
  if (all.size() != machine.wiring().layers().size()) throw parameterError("an energy needs rows of every layer");
  return freeEnergyOf(machine, all, cancelled);
}

std::vector<double> freeEnergyOf(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled) {
  const LayerData data(machine, given);
  std::vector<double> result(data.rows());
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    freeEnergies(machine, states, data.given(), slice(result, first, states.rows(), 1));
  });
  return result;
}

std::vector<double> pseudoLikelihoodOf(Machine& machine, const std::vector<LayerRows>& given, bool exact, const Cancelled& cancelled) {
  const LayerData data(machine, given);
  PseudoLikelihood likelihood(machine, data.given(), std::min(chunkRows, data.rows()));
  const Stream stream{machine.seed(), Purpose::monitor, static_cast<std::uint8_t>(given.front().layer),
                      exact ? 0 : machine.nextStep(Purpose::monitor)};
  std::vector<double> result(data.rows());
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    const std::span<double> part = slice(result, first, states.rows(), 1);
    if (exact)
      likelihood.exact(states, cancelled, part);
    else
      likelihood.estimate(states, stream, first, part);
  });
  return result;
}

}  // namespace boltzkit
