// A dense layer: outputs are the means of units whose fields are the inputs times the weights,
//   y = m(f),  f = x W,  m_j(f) = E[s_j | f] of the unit type at beta = 1.
// So a layer of a machine, seen upwards, is one of a network with the same numbers. Logistic units,
// tanh (spins), softmax, linear (Gaussian) and rectified ones are unit types (units/).
//
// Backward: dm/df is the variance of a unit given its field, and for a softmax the covariance of
// its places, because m is the derivative of the cumulant and the variance that of m:
//   dL/df = (dm/df)^T dL/dy,  dL/dW = x^T dL/df,  dL/db = dL/df,  dL/dx = dL/df W^T.
// Rumelhart, Hinton & Williams, Nature 323 (1986), equations 4 to 7, for any unit type.
//
// All biases of a unit act like a constant field, so all of them get dL/df: both biases of a
// double rectified unit move alike. Log precisions stay.
#pragma once
#include "network/layer_spec.hpp"
#include "network/network_layer.hpp"

namespace boltzkit {

// `index`: the number of the layer, which names the words of its start weights.
std::unique_ptr<NetworkLayer> makeDenseLayer(const LayerSpec& spec, std::size_t inputs, std::size_t index, std::uint64_t seed,
                                             Backend& backend);

}  // namespace boltzkit
