#include "network/network.hpp"

#include <cmath>
#include <utility>

#include "network/layer_kinds.hpp"

namespace boltzkit {

Network::Network(std::shared_ptr<Backend> backend, std::size_t inputs, const std::vector<LayerSpec>& specs, std::uint64_t seed)
    : backend_(std::move(backend)), random_(seed) {
  if (inputs == 0) throw parameterError("a network needs at least one input");
  if (specs.empty() || specs.size() > mostNetworkLayers)
    throw parameterError("a network needs 1 to " + std::to_string(mostNetworkLayers) + " layers, got " + std::to_string(specs.size()));
  for (const LayerSpec& spec : specs) {
    if (spec.name.empty() || spec.name.find('.') != std::string::npos)
      throw parameterError("names of layers must not be empty or hold a '.', got '" + spec.name + "'");
    for (const auto& layer : layers_)
      if (layer->name() == spec.name) throw parameterError("two layers are named '" + spec.name + "'");
    layers_.push_back(makeLayer(spec, layers_.empty() ? inputs : outputs(), layers_.size(), seed, *backend_));
  }
  if (!layers_.back()->hasUnits())
    throw parameterError("the last layer must have units, which '" + layers_.back()->name() + "' of kind '" + specs.back().kind +
                         "' has not");
}

double Network::work() const {
  double sum = 0;
  for (const auto& layer : layers_) sum += layer->work();
  return sum;
}

std::vector<LayerParameter> Network::layerParameters() const {
  std::vector<LayerParameter> all;
  for (const auto& layer : layers_)
    for (LayerParameter& parameter : layer->parameters()) all.push_back(std::move(parameter));
  return all;
}

std::vector<NamedTensor> Network::parameters() const {
  std::vector<NamedTensor> all;
  for (const LayerParameter& parameter : layerParameters()) all.push_back({parameter.name, parameter.tensor});
  return all;
}

Tensor& Network::parameter(const std::string& name) const {
  for (const LayerParameter& parameter : layerParameters())
    if (parameter.name == name) return *parameter.tensor;
  throw parameterError("there is no parameter named '" + name + "'");
}

void Network::checkParameter(const std::string&, std::span<const double> values) const {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(std::fabs(values[i]) <= largestParameter))
      throw parameterError("values must be finite and at most 1e18, got " + decimal(values[i]) + " at index " + std::to_string(i));
}

}  // namespace boltzkit
