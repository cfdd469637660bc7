#include "sampling/inference.hpp"

#include <algorithm>
#include <cmath>

#include "machine/category_weights.hpp"
#include "machine/normalisable.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

void requireDirect(const Machine& machine, const std::vector<bool>& given, std::size_t target) {
  const std::vector<Layer>& layers = machine.wiring().layers();
  requireLayer(machine.wiring(), target);
  if (given[target]) throw parameterError("layer '" + layers[target].name + "' is given, so it cannot be asked for");
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (!given[l] && machine.wiring().coupled(l, target))
      throw parameterError("layer '" + layers[target].name + "' is coupled to '" + layers[l].name + "', whose rows are not given");
}

Stream conditionalStream(Machine& machine, std::size_t layer) {
  return machine.random().next(Purpose::conditional, 1, static_cast<std::uint8_t>(layer));
}

// Up to this many rows use scratch tensors that are kept between calls.
constexpr std::size_t fewRows = 16;

}  // namespace

std::shared_ptr<Inference::Scratch> Inference::scratchFor(std::size_t rows) {
  if (rows > fewRows) return std::make_shared<Scratch>(machine_, std::min(chunkRows, rows));
  if (!few_) few_ = std::make_shared<Scratch>(machine_, fewRows);
  return few_;
}

// Replaces the states of `layer` by their means or a sample, given the layers marked in `from`.
void Inference::draw(std::size_t layer, Scratch& scratch, const std::vector<bool>& from, Draw draw, const Stream& stream,
                     std::size_t firstChain) {
  Tensor &fields = scratch.fields[layer], &states = scratch.states[layer];
  fields.setRows(states.rows());
  layerFields(machine_, layer, scratch.states, from, fields);
  const UnitUpdate update{machine_.unitsOf(layer), 1, stream, static_cast<std::uint32_t>(firstChain)};
  machine_.backend().updateUnits(update, fields, draw == Draw::mean ? &states : nullptr, draw == Draw::sample ? &states : nullptr);
}

void Inference::conditional(const std::vector<LayerRows>& given, std::size_t target, Draw drawn, const Cancelled& cancelled,
                            std::span<float> out) {
  const LayerData data = LayerData::forQuestion(machine_, given);
  requireDirect(machine_, data.given(), target);
  const Stream stream = drawn == Draw::sample ? conditionalStream(machine_, target) : Stream{};
  const std::size_t places = machine_.places(target);
  const auto scratch = scratchFor(data.rows());
  forEachChunk(scratch->states, data, cancelled, [&](std::size_t first, States& states) {
    draw(target, *scratch, data.given(), drawn, stream, first);
    machine_.backend().download(states[target], out.subspan(first * places, states.rows() * places));
  });
}

void Inference::reconstruct(const LayerRows& given, std::size_t via, Draw drawn, const Cancelled& cancelled, std::span<float> out) {
  const LayerData data = LayerData::forQuestion(machine_, {given});
  requireDirect(machine_, data.given(), via);
  std::vector<bool> fromVia(data.given().size(), false);
  fromVia[via] = true;
  const Stream stream = drawn == Draw::sample ? conditionalStream(machine_, via) : Stream{};
  const std::size_t places = machine_.places(given.layer);
  const auto scratch = scratchFor(data.rows());
  forEachChunk(scratch->states, data, cancelled, [&](std::size_t first, States& states) {
    draw(via, *scratch, data.given(), drawn, stream, first);
    draw(given.layer, *scratch, fromVia, Draw::mean, {}, first);
    machine_.backend().download(states[given.layer], out.subspan(first * places, states.rows() * places));
  });
}

void Inference::categoryProbabilities(const std::vector<LayerRows>& given, std::size_t layer, const Cancelled& cancelled,
                                      std::span<float> out) {
  const LayerData data = LayerData::forQuestion(machine_, given);
  CategoryWeights weights(machine_, data.given(), layer, std::min(chunkRows, data.rows()));
  const std::size_t categories = weights.categories();
  std::vector<double> logs;
  forEachChunk(scratchFor(data.rows())->states, data, cancelled, [&](std::size_t first, States& states) {
    logs.resize(states.rows() * categories);
    weights.logs(states, logs);
    for (std::size_t r = 0; r < states.rows(); ++r) {
      normaliseLogs(std::span(logs).subspan(r * categories, categories));
      for (std::size_t k = 0; k < categories; ++k) out[(first + r) * categories + k] = static_cast<float>(logs[r * categories + k]);
    }
  });
}

void Inference::energy(const std::vector<LayerRows>& all, const Cancelled& cancelled, std::span<double> out) {
  if (all.size() != machine_.wiring().layers().size()) throw parameterError("an energy needs rows of every layer");
  sumsOver(all, cancelled, out);
}

void Inference::freeEnergy(const std::vector<LayerRows>& given, const Cancelled& cancelled, std::span<double> out) {
  requireNormalisable(machine_);
  sumsOver(given, cancelled, out);
}

void Inference::sumsOver(const std::vector<LayerRows>& given, const Cancelled& cancelled, std::span<double> out) {
  const LayerData data = LayerData::forQuestion(machine_, given);
  forEachChunk(scratchFor(data.rows())->states, data, cancelled,
               [&](std::size_t first, States& states) { freeEnergies(machine_, states, data.given(), out.subspan(first, states.rows())); });
}

}  // namespace boltzkit
