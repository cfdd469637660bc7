// Dropout: in training each input is dropped with probability `rate`, and what stays is divided by
// 1 - rate, so that means stay as they are and nothing is to be done at other times.
// Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, JMLR 15 (2014), section 4. The paper
// multiplies the weights by 1 - rate after training instead.
#pragma once
#include "network/layer_spec.hpp"
#include "network/network_layer.hpp"

namespace boltzkit {

std::unique_ptr<NetworkLayer> makeDropoutLayer(const LayerSpec& spec, std::size_t inputs, std::size_t index, std::uint64_t seed,
                                               Backend& backend);

}  // namespace boltzkit
