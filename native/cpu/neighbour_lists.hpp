// Lists which units contribute to whose field in a layer that is coupled to itself. Lists hold the
// weights, in the order in which a sweep needs them. They live in the engine's workspace until
// others replace them. Those of a graph are reused while neither graph nor weights have changed.
#pragma once
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

// Entries starts[i] ... starts[i + 1] - 1 belong to the i-th place of the order.
struct NeighbourLists {
  const std::size_t* starts;
  const Neighbour* neighbours;
};

// Neighbours in rising order, with the weights [1, graph.weights()] times `scale`. Units come in
// the graph's order if `inOrder`, else in their own.
NeighbourLists listGraph(Engine& engine, const Graph& graph, bool inOrder, const CpuTensor& weights, float scale);
// From symmetric weights [places, places]: neighbours within blocks of `block` places, numbered
// from the first place of the block. They are the places of the block's earlier units, or with
// `all` those of all its other units.
NeighbourLists listBlocks(Engine& engine, const CpuTensor& weights, std::size_t group, std::size_t block, bool all);

// The neighbours of 16 positions side by side: see ChainSweep.
struct NeighbourSlots {
  const std::size_t* starts;
  const std::uint32_t *place, *run;
  const float* weight;
};

NeighbourSlots slotGraph(Engine& engine, const Graph& graph, const CpuTensor& weights);

}  // namespace boltzkit::cpu
