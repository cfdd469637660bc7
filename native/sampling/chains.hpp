// Block Gibbs chains for a user: start states, clamped units, temperatures per chain or over time, parallel tempering, descent to a mode,
// and moments that are accumulated on the way so that no states need to be kept.
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
  std::uint64_t steps = 1;       // sweeps; 0 leaves the start states
  std::vector<double> betas{1};  // one for all chains, or one per chain
  std::vector<double> schedule;  // empty, or one beta per sweep for all chains (annealing)
  struct Tempered {
    Ladder ladder;
    LadderState state;
  };
  std::optional<Tempered> tempered;  // then betas and schedule play no part
  std::uint64_t quench = 0;  // sweeps afterwards in which every unit takes its likeliest state: descent to a local minimum of the energy
  std::vector<LayerRows> start;  // states to start from, `chains` rows each
  struct Clamp {
    std::size_t layer;
    std::vector<float> mask, values;  // [1 or chains, units]
  };
  std::vector<Clamp> clamps;  // units whose mask is not 0 keep their value, from the start on; at most one entry per layer
  struct Observe {
    std::uint64_t every = 1;                                 // sweeps from one observation to the next
    std::vector<std::pair<std::size_t, std::size_t>> pairs;  // layers whose products are accumulated
  };
  std::optional<Observe> observe;  // of tempered chains only those on the highest rung count
};

// Where the results go; what is empty is not wanted.
struct ChainResults {
  std::vector<std::span<float>> states;  // per layer [chains, units]
  std::size_t meanLayer = 0;
  std::span<float> mean;                    // [chains, units of meanLayer]: the conditional means behind the last draw
  std::span<double> energies;               // [chains] of the last states
  std::vector<std::span<double>> sums;      // per layer [units]: of the observed states
  std::vector<std::span<double>> products;  // per pair of layers [units of a, units of b]: sums of s_a s_b^T
  std::uint64_t observations = 0;           // rows that the sums are over
  LadderState ladder;
  SwapCounts swaps;
};

// Throws ParameterError or ShapeError before anything is drawn when the options do not fit the machine.
void validateChains(const Machine& machine, const ChainOptions& options);

// Layers without start states are first drawn in turn, given the layers before them that have states.
void runChains(Machine& machine, const ChainOptions& options, ChainResults& results, const Cancelled& cancelled);

}  // namespace boltzkit
