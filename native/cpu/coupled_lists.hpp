// Who contributes to whose field in a layer that is coupled to itself, with the weights, in the order in which a sweep needs them: entries
// starts[i] ... starts[i + 1] belong to the i-th place of that order. They live in the engine's workspace until the next ones are made.
#pragma once
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

struct CoupledLists {
  const std::size_t* starts;
  const Coupled* coupled;
};

// Neighbours in rising order, weights times `scale`; units in the order given, or in their own if null.
CoupledLists listGraph(Engine& engine, const Graph& graph, const std::uint32_t* order, const float* weights, float scale);
// Of symmetric weights [places, stride], the places within blocks of `block` places, numbered from the block's first one: those of the block's
// earlier units, or with `all` of all its other units.
CoupledLists listBlocks(Engine& engine, const float* weights, std::size_t stride, std::size_t places, std::size_t group, std::size_t block,
                        bool all);

}  // namespace boltzkit::cpu
