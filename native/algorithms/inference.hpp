// What a user asks of a machine outside of training: conditionals, energies, samples. Rows go through in chunks, so memory does not
// grow with the data; every function polls `cancelled` between chunks or sweeps and throws Error{aborted}.
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

enum class Draw { mean, sample };

// Given rows of some layers, the conditional means or samples of `target`, [rows, units]: exact when the layers that are neither
// given nor the target are not coupled to it; throws ParameterError otherwise.
std::vector<double> conditional(Machine& machine, const std::vector<LayerRows>& given, std::size_t target, Draw draw,
                                const Cancelled& cancelled);

// Rows of `layer` -> draw or mean of `via` -> means of `layer`: what the machine makes of its data.
std::vector<double> reconstruct(Machine& machine, const LayerRows& given, std::size_t via, Draw draw, const Cancelled& cancelled);

std::vector<double> energyOf(Machine& machine, const std::vector<LayerRows>& all, const Cancelled& cancelled);
std::vector<double> freeEnergyOf(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled);

// Log pseudo-likelihood per row (Besag 1975). exact: the sum over all units; otherwise units times the log-probability of one
// unit drawn per row: unbiased, and `units` times cheaper.
std::vector<double> pseudoLikelihoodOf(Machine& machine, const LayerRows& given, bool exact, const Cancelled& cancelled);

struct SampleOptions {
  std::size_t chains = 1;
  std::uint64_t steps = 1;
  double beta = 1;
  std::vector<LayerRows> start;          // states to start from; other layers start from fair coins (field zero)
  struct Clamp {
    std::size_t layer;
    std::vector<float> mask, values;     // [1 or chains, units]
  };
  std::vector<Clamp> clamps;
  std::size_t layer = 0;                 // which layer's states come back
  Draw output = Draw::sample;            // mean: conditional means of the last update
};
std::vector<double> sample(Machine& machine, const SampleOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
