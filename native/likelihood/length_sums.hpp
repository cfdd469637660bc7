// log Z of a replicated softmax by the length of its documents (Salakhutdinov & Hinton, "Replicated
// Softmax: an Undirected Topic Model", NIPS 22 (2009), section 3). D words are D independent draws
// given the hidden units, so the words sum out in closed form:
//   Z_D = sum_h exp(-U(h) + D g(h)),   g(h) = log sum_k exp(b_k + sum_j W_kj h_j).
// Z_D counts sequences of words. (The states of a counts unit are bags; their measure counts the
// sequences, so their sum is the same.)
//
// The paper anneals the weights, and once for each length. We anneal the length itself: p_t(h) is
// proportional to exp(-U(h) + t g(h)) for any real t >= 0. At t = 0 the hidden units are
// independent, and the path passes through every length on its way to the longest one. So one run
// of annealed importance sampling (Neal 2001) has an unbiased estimate of Z_D / Z_0 for each D.
//
// The step that keeps p_t: block Gibbs through n words, n the whole number next to t, keeps p_n and
// is reversible. It is a proposal for p_t, accepted with probability
//   min(1, exp((t - n) (g(h') - g(h)))).
#pragma once
#include <cstdint>
#include <vector>

#include "core/interrupt.hpp"
#include "likelihood/interval.hpp"
#include "machine/machine.hpp"

namespace boltzkit {

struct LengthOptions {
  std::vector<std::uint32_t> lengths;  // words, rising strictly, at least 1
  bool exact = false;                  // count all states of the hidden units
  std::size_t chains = 100;            // per direction, at least 2
  std::size_t steps = 1000;            // between lengths 0 and the longest, at least
  std::uint64_t warmup = 100;          // sweeps at the longest length before the way back
};

struct LengthSums {
  // By length. If exact, forward and reverse are equal and have no width.
  std::vector<Interval> forward, reverse;
  std::vector<double> forwardSamples, reverseSamples;  // effective sample sizes
};

// The most hidden states that are counted.
inline constexpr double mostLengthStates = 1 << 20;

// Throws ParameterError unless the machine is a layer 0 of counts, coupled to a layer 1 that is not
// coupled to itself, and the options fit it.
void validateLengthSums(const Machine& machine, const LengthOptions& options);

// Forward estimates are too low on average. The way back starts from the chains at the longest
// length, resampled by their weights and warmed up; if those are samples, its estimate of the
// longest length is too high on average.
LengthSums lengthSums(Machine& machine, const LengthOptions& options, const Cancelled& cancelled);

}  // namespace boltzkit
