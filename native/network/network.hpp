// A feed-forward network: layers one after the other, and their parameters, held by a backend. What
// goes through it is in a NetworkPass.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend.hpp"
#include "core/random_steps.hpp"
#include "network/layer_spec.hpp"
#include "network/network_layer.hpp"

namespace boltzkit {

// The number of a layer is part of the names of its random words, which have 8 bits for it.
inline constexpr std::size_t mostNetworkLayers = 256;

class Network {
 public:
  // Throws ParameterError on no layers, too many, names that are empty, repeated or hold a '.', and
  // a last layer without units.
  Network(std::shared_ptr<Backend> backend, std::size_t inputs, const std::vector<LayerSpec>& specs, std::uint64_t seed);

  Backend& backend() const { return *backend_; }
  std::size_t inputs() const { return layers_.front()->inputs(); }
  std::size_t outputs() const { return layers_.back()->outputs(); }
  const std::vector<std::unique_ptr<NetworkLayer>>& layers() const { return layers_; }
  Units outputUnits() const { return layers_.back()->units(); }
  // Multiply-adds for one row, forward.
  double work() const;

  // All parameter tensors, layer by layer.
  std::vector<LayerParameter> layerParameters() const;
  std::vector<NamedTensor> parameters() const;
  // Throws ParameterError on an unknown name.
  Tensor& parameter(const std::string& name) const;
  // Throws ParameterError unless all values are finite and at most 1e18 in size.
  void checkParameter(const std::string& name, std::span<const double> values) const;

  RandomSteps& random() { return random_; }

 private:
  std::shared_ptr<Backend> backend_;
  std::vector<std::unique_ptr<NetworkLayer>> layers_;
  RandomSteps random_;
};

}  // namespace boltzkit
