// The kinds of layers by name.
#pragma once
#include "network/layer_spec.hpp"
#include "network/network_layer.hpp"

namespace boltzkit {

// Makes a layer. `index`: its number in the network. Throws ParameterError on an unknown kind or on
// settings that the kind refuses.
std::unique_ptr<NetworkLayer> makeLayer(const LayerSpec& spec, std::size_t inputs, std::size_t index, std::uint64_t seed, Backend& backend);

}  // namespace boltzkit
