#include "machine/wiring.hpp"

#include <algorithm>
#include <set>

#include "core/checked.hpp"

namespace boltzkit {
namespace {

constexpr std::size_t maxLayers = 256;            // a layer's number takes eight bits of the random counter
constexpr std::size_t maxUnits = (1u << 31) - 1;  // unit numbers and column indices are 32-bit

}  // namespace

Wiring::Wiring(std::vector<Layer> layers, std::vector<Coupling> couplings) : layers_(std::move(layers)), couplings_(std::move(couplings)) {
  if (layers_.empty() || layers_.size() > maxLayers)
    throw parameterError("a machine needs 1 to 256 layers, got " + std::to_string(layers_.size()));
  std::set<std::string> names;
  for (const Layer& layer : layers_) {
    if (layer.name.empty() || !names.insert(layer.name).second)
      throw parameterError("layers need distinct, non-empty names, got '" + layer.name + "'");
    if (layer.units == 0 || layer.units > maxUnits)
      throw parameterError("layer '" + layer.name + "' must have 1 to 2147483647 units, got " + std::to_string(layer.units));
  }
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (const Coupling& c : couplings_) {
    if (c.a >= layers_.size() || c.b >= layers_.size()) throw parameterError("a coupling names a layer that does not exist");
    if (c.a == c.b) throw parameterError("layer '" + layers_[c.a].name + "' cannot be coupled to itself");
    if (!pairs.insert(std::minmax(c.a, c.b)).second)
      throw parameterError("layers '" + layers_[c.a].name + "' and '" + layers_[c.b].name + "' are coupled twice");
    checkedMultiply(checkedMultiply(layers_[c.a].units, layers_[c.b].units), sizeof(double));
  }
}

bool Wiring::coupled(std::size_t a, std::size_t b) const {
  return std::any_of(couplings_.begin(), couplings_.end(),
                     [&](const Coupling& c) { return (c.a == a && c.b == b) || (c.a == b && c.b == a); });
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

}  // namespace boltzkit
