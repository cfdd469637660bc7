// Block Gibbs chains: start states, clamped units, temperatures per chain or over time, parallel
// tempering and descent to a mode. Moments are accumulated during the run, so states need not be
// kept.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"
#include "sampling/tempering.hpp"

namespace boltzkit {

struct ChainOptions {
  std::size_t chains = 1;
  std::uint64_t steps = 1;       // sweeps; 0 returns the start states
  std::vector<double> betas{1};  // one for all chains, or one per chain
  std::vector<double> schedule;  // empty, or one beta per sweep for all chains (annealing)
  struct Tempered {
    Ladder ladder;
    LadderState state;
    std::uint64_t sweeps = 0;  // before this call: rounds of swaps go on from there
  };
  std::optional<Tempered> tempered;  // replaces betas and schedule
  // Number of final sweeps in which every unit takes its most probable state: descent to a local
  // minimum of the energy.
  std::uint64_t quench = 0;
  std::vector<LayerRows> start;  // states to start from, `chains` rows each
  struct Clamp {
    std::size_t layer;
    std::vector<float> mask, values;  // [1 or chains, places]
  };
  // Units with a nonzero mask keep their value, from the start states on. At most one entry per
  // layer.
  std::vector<Clamp> clamps;
  struct Observe {
    std::uint64_t every = 1;  // sweeps per observation
    // Pairs of layers whose products are accumulated.
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
  };
  std::optional<Observe> observe;  // of tempered chains, only those on the highest rung
};

// Buffers for the results. An empty buffer means that the result is not wanted.
struct ChainResults {
  std::vector<std::span<float>> states;  // per layer [chains, places]
  std::size_t meanLayer = 0;
  // [chains, places of meanLayer]: the conditional means that the last draw used.
  std::span<float> mean;
  std::span<double> energies;           // [chains], of the last states
  std::vector<std::span<double>> sums;  // per layer [places]: sums of the observed states
  // Per pair of layers [places of a, places of b]: sums of s_a s_b^T.
  std::vector<std::span<double>> products;
  std::uint64_t observations = 0;  // number of rows in the sums
  LadderState ladder;
  SwapCounts swaps;
};

// Throws ParameterError or ShapeError if the options do not fit the machine; draws nothing.
void validateChains(const Machine& machine, const ChainOptions& options);

// Layers without start states are drawn first, one by one, each given the layers that have states
// by then.
void runChains(Machine& machine, const ChainOptions& options, ChainResults& results, const Cancelled& cancelled);

}  // namespace boltzkit
