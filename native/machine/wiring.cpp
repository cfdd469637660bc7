#include "machine/wiring.hpp"

#include <algorithm>
#include <set>

#include "core/checked.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t maxLayers = 256;             // the random counter has eight bits for a layer
constexpr std::size_t maxPlaces = (1u << 31) - 1;  // unit numbers and column indices have 32 bits
constexpr double maxStates = 1 << 24;              // float32 holds every whole number up to here
// Random words in one draw of a layer: 2^32 blocks of four.
constexpr double maxWords = 17179869184.0;

void checkSize(const Layer& layer) {
  if (layer.size == 0) throw parameterError("the size of the units of layer '" + layer.name + "' must be at least 1, got 0");
  visitUnit(layer.type, [&](auto unit) {
    if (decltype(unit)::grouped && layer.places % layer.size != 0)
      throw parameterError("layer '" + layer.name + "' needs a multiple of " + std::to_string(layer.size) + " places, got " +
                           std::to_string(layer.places));
    if (decltype(unit)::states(layer.size) > maxStates + 1 && !decltype(unit)::grouped)
      throw parameterError("units of layer '" + layer.name + "' must have at most 16777216 trials, got " + std::to_string(layer.size));
    if (static_cast<double>(decltype(unit)::words(layer.size)) * static_cast<double>(layer.places) > maxWords)
      throw parameterError("layer '" + layer.name + "' must have at most 17179869184 trials in all, got " + std::to_string(layer.places) +
                           " x " + std::to_string(layer.size));
  });
  if (keepsTotal(layer.type) && layer.places != layer.size)
    throw parameterError("a layer of counts is one group: layer '" + layer.name + "' needs as many categories as places, " +
                         std::to_string(layer.places) + ", got " + std::to_string(layer.size));
}

}  // namespace

const char* parameterSuffix(UnitType type) { return unitParameterCount(type) == 1 ? ".bias" : ".parameters"; }

std::uint32_t groupSize(const Layer& layer) {
  return visitUnit(layer.type, [](auto unit) { return decltype(unit)::grouped; }) ? layer.size : 1;
}

Domain domainOf(const Layer& layer) {
  const UnitDomain domain = visitUnit(layer.type, [&](auto unit) { return decltype(unit)::domain(layer.size); });
  return {domain.low, domain.high, domain.integers, false, groupSize(layer), domain.leastSum, domain.mostSum};
}

Wiring::Wiring(std::vector<Layer> layers, std::vector<Coupling> couplings) : layers_(std::move(layers)), couplings_(std::move(couplings)) {
  if (layers_.empty() || layers_.size() > maxLayers)
    throw parameterError("a machine needs 1 to 256 layers, got " + std::to_string(layers_.size()));
  std::set<std::string> names;
  for (const Layer& layer : layers_) {
    if (layer.name.empty() || !names.insert(layer.name).second)
      throw parameterError("layers need distinct, non-empty names, got '" + layer.name + "'");
    if (layer.places == 0 || layer.places > maxPlaces)
      throw parameterError("layer '" + layer.name + "' must have 1 to 2147483647 units, got " + std::to_string(layer.places));
  }
  for (const Layer& layer : layers_) checkSize(layer);
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (const Coupling& c : couplings_) {
    if (c.a >= layers_.size() || c.b >= layers_.size()) throw parameterError("a coupling names a layer that does not exist");
    if (c.lateral() && keepsTotal(layers_[c.a].type))
      throw parameterError("layer '" + layers_[c.a].name + "' of counts is one unit and cannot be coupled to itself");
    if (!pairs.insert(std::minmax(c.a, c.b)).second)
      throw parameterError("layers '" + layers_[c.a].name + "' and '" + layers_[c.b].name + "' are coupled twice");
    if (c.graph) checkGraph(c);
    if (c.graph) continue;
    checkedMultiply(checkedMultiply(layers_[c.a].places, layers_[c.b].places), sizeof(double));
  }
  checkNames();
}

// Tensors of parameters and chains are named after layers and couplings, also in files.
void Wiring::checkNames() const {
  std::set<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!names.insert(name).second) throw parameterError("two tensors would both be called '" + name + "'; rename one of their layers");
  };
  for (const Layer& layer : layers_) add(layer.name + parameterSuffix(layer.type));
  for (const Layer& layer : layers_) add("chains/" + layer.name);
  for (std::size_t c = 0; c < couplings_.size(); ++c) add(couplingName(c) + ".weights");
}

void Wiring::checkGraph(const Coupling& c) const {
  const Layer& layer = layers_[c.a];
  if (!c.lateral()) throw parameterError("a graph must join units of one layer, got '" + layer.name + "' and '" + layers_[c.b].name + "'");
  const std::size_t group = groupSize(layer);
  if (c.graph->size() != group || c.graph->units() * group != layer.places)
    throw parameterError("the graph of layer '" + layer.name + "' must have " + std::to_string(layer.places / group) + " units of " +
                         std::to_string(group) + " places, got " + std::to_string(c.graph->units()) + " of " +
                         std::to_string(c.graph->size()));
}

bool Wiring::coupled(std::size_t a, std::size_t b) const {
  return std::any_of(couplings_.begin(), couplings_.end(),
                     [&](const Coupling& c) { return (c.a == a && c.b == b) || (c.a == b && c.b == a); });
}

const Coupling* Wiring::lateral(std::size_t layer) const {
  const auto found = std::find_if(couplings_.begin(), couplings_.end(), [&](const Coupling& c) { return c.lateral() && c.a == layer; });
  return found == couplings_.end() ? nullptr : &*found;
}

std::size_t Wiring::couplingsOf(std::size_t layer) const {
  return static_cast<std::size_t>(
      std::count_if(couplings_.begin(), couplings_.end(), [&](const Coupling& c) { return c.a == layer || c.b == layer; }));
}

std::string Wiring::couplingName(std::size_t c) const { return layers_[couplings_[c].a].name + "-" + layers_[couplings_[c].b].name; }

std::vector<std::vector<std::size_t>> Wiring::blocks(const std::vector<bool>& clamped) const {
  std::vector<std::vector<std::size_t>> blocks;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    if (clamped[l]) continue;
    auto fits = [&](const std::vector<std::size_t>& block) {
      return std::none_of(block.begin(), block.end(), [&](std::size_t other) { return coupled(l, other); });
    };
    auto block = std::find_if(blocks.begin(), blocks.end(), fits);
    if (block == blocks.end()) block = blocks.insert(blocks.end(), std::vector<std::size_t>{});
    block->push_back(l);
  }
  return blocks;
}

void requireLayer(const Wiring& wiring, std::size_t layer) {
  if (layer >= wiring.layers().size()) throw parameterError("there is no layer number " + std::to_string(layer));
}

}  // namespace boltzkit
