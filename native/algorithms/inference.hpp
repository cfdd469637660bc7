// What a user asks of a machine outside of training: conditionals and energies. Rows go through in chunks, so scratch memory
// does not grow with the data; every function polls `cancelled` between chunks or sweeps and throws Error{aborted}.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "machine/energy.hpp"
#include "machine/gibbs.hpp"

namespace boltzkit {

using Cancelled = std::atomic<bool>;
void throwIfCancelled(const Cancelled& cancelled);

// Rows for one layer.
struct LayerRows {
  std::size_t layer;
  std::shared_ptr<const Rows> rows;
};

// Given rows of some layers, the conditional means or samples of `target`, [rows, units], row-major. Exact; throws ParameterError
// when a layer that is neither given nor the target is coupled to the target.
std::vector<float> conditional(Machine& machine, const std::vector<LayerRows>& given, std::size_t target, Draw draw,
                               const Cancelled& cancelled);

// Rows of a layer -> mean or draw of `via` -> means of the layer: what the machine makes of its data.
std::vector<float> reconstruct(Machine& machine, const LayerRows& given, std::size_t via, Draw draw, const Cancelled& cancelled);

// P(category | given) of a softmax layer of one group, every layer that is neither given nor it summed out; [rows, categories].
// Throws ParameterError when those layers are coupled to each other.
std::vector<float> categoryProbabilities(Machine& machine, const std::vector<LayerRows>& given, std::size_t layer,
                                         const Cancelled& cancelled);

std::vector<double> energyOf(Machine& machine, const std::vector<LayerRows>& all, const Cancelled& cancelled);
std::vector<double> freeEnergyOf(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled);

// Log pseudo-likelihood per row of the layers given, the others summed out (Besag 1975). exact: the sum over all units; otherwise `units` times the log-probability of one
// unit drawn per row: unbiased, and `units` times cheaper.
std::vector<double> pseudoLikelihoodOf(Machine& machine, const std::vector<LayerRows>& given, bool exact, const Cancelled& cancelled);

}  // namespace boltzkit
