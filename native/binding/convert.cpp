#include "binding/convert.hpp"

#include <cmath>

#include "binding/devices.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

constexpr std::uint32_t maxLayers = 256;
constexpr std::uint32_t maxCouplings = maxLayers * maxLayers;
// Chain numbers have 32 bits in random counters.
constexpr std::uint64_t maxChains = std::numeric_limits<std::uint32_t>::max();
constexpr double anyNumber = std::numeric_limits<double>::max();

std::string plural(std::size_t n, const char* noun) { return std::to_string(n) + " " + noun + (n == 1 ? "" : "s"); }

std::vector<Layer> layersOf(const Argument& list) {
  const std::uint32_t n = list.length(maxLayers);
  std::vector<Layer> layers;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Argument layer = list.item(i), size = layer.field("size");
    layers.push_back({layer.field("name").text(), unitTypeNamed(layer.field("type").text()),
                      static_cast<std::size_t>(layer.field("units").count(1, maxCount)),
                      static_cast<std::uint32_t>(size.given() ? size.count(1, maxCount) : 1)});
  }
  return layers;
}

// Reads edges from a flat list of pairs of unit numbers.
std::shared_ptr<const Graph> graphOf(const Argument& edges, const Layer& layer) {
  const std::span<const std::uint32_t> ends = edges.view<std::uint32_t>();
  if (ends.size() % 2 != 0) throw parameterError("`" + edges.name() + "` must hold pairs of units, got " + plural(ends.size(), "number"));
  std::vector<Graph::Edge> pairs(ends.size() / 2);
  for (std::size_t e = 0; e < pairs.size(); ++e) pairs[e] = {ends[2 * e], ends[2 * e + 1]};
  const std::uint32_t size = groupSize(layer);
  return std::make_shared<const Graph>(layer.places / size, size, std::move(pairs));
}

std::vector<Coupling> couplingsOf(const Argument& list, const std::vector<Layer>& layers) {
  const std::uint32_t n = list.length(maxCouplings);
  if (n > 0 && layers.empty()) throw parameterError("couplings need layers");
  std::vector<Coupling> couplings;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Argument coupling = list.item(i);
    const std::uint32_t length = coupling.length(3);
    if (length < 2) throw parameterError("`" + coupling.name() + "` must be a pair of layer numbers");
    couplings.push_back({coupling.item(0).count(0, layers.size() - 1), coupling.item(1).count(0, layers.size() - 1)});
    if (length == 3) couplings.back().graph = graphOf(coupling.item(2), layers[couplings.back().a]);
  }
  return couplings;
}

}  // namespace

MachineSpec machineSpecOf(const Argument& spec) {
  const std::uint64_t seed = spec.field("seed").big();
  const double weightScale = spec.field("weightScale").number(0, anyNumber);
  std::vector<Layer> layers = layersOf(spec.field("layers"));
  std::vector<Coupling> couplings = couplingsOf(spec.field("couplings"), layers);
  Wiring wiring(std::move(layers), std::move(couplings));
  return {backendOf(spec), std::move(wiring), seed, weightScale};
}

std::size_t layerOf(const Argument& layer, const Wiring& wiring) { return layer.count(0, wiring.layers().size() - 1); }

Draw drawOf(const Argument& draw) { return draw.choice<Draw>({{"mean", Draw::mean}, {"sample", Draw::sample}}); }

}  // namespace boltzkit::binding
