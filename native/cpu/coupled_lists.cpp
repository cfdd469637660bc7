#include "cpu/coupled_lists.hpp"

namespace boltzkit::cpu {
namespace {

// The entries of one unit, place by place.
void listUnit(const Graph& graph, std::uint32_t unit, const float* weights, float scale, Coupled* to) {
  const std::uint32_t size = graph.size();
  for (std::uint32_t k = 0; k < size; ++k)
    for (const Graph::Neighbour* n = graph.begin(unit); n != graph.end(unit); ++n)
      for (std::uint32_t l = 0; l < size; ++l) *to++ = {n->unit * size + l, scale * weights[graph.weight(*n, k, l)]};
}

}  // namespace

CoupledLists listGraph(Engine& engine, const Graph& graph, const std::uint32_t* order, const float* weights, float scale) {
  const std::size_t size = graph.size(), units = graph.units();
  std::size_t* starts = engine.workspace().neighbourStarts.atLeast(units * size + 1);
  Coupled* coupled = engine.workspace().neighbours.atLeast(2 * graph.weights());
  auto unitAt = [&](std::size_t p) { return order ? order[p] : static_cast<std::uint32_t>(p); };
  starts[0] = 0;
  for (std::size_t p = 0; p < units; ++p) {
    const std::size_t each = static_cast<std::size_t>(graph.end(unitAt(p)) - graph.begin(unitAt(p))) * size;
    for (std::size_t k = 0; k < size; ++k) starts[p * size + k + 1] = starts[p * size + k] + each;
  }
  engine.parallelRows(units, static_cast<double>(8 * graph.weights()), [&](std::size_t first, std::size_t last) {
    for (std::size_t p = first; p < last; ++p) listUnit(graph, unitAt(p), weights, scale, coupled + starts[p * size]);
  });
  return {starts, coupled};
}

CoupledLists listBlocks(Engine& engine, const float* weights, std::size_t stride, std::size_t places, std::size_t group, std::size_t block,
                        bool all) {
  std::size_t* starts = engine.workspace().neighbourStarts.atLeast(places + 1);
  Coupled* coupled = engine.workspace().neighbours.atLeast(places * block);
  std::size_t n = 0;
  for (std::size_t j = 0; j < places; ++j) {
    const std::size_t first = j / block * block, last = std::min(first + block, places), unit = j / group * group;
    starts[j] = n;
    for (std::size_t i = first; i < (all ? last : unit); ++i)
      if (i < unit || i >= unit + group) coupled[n++] = {static_cast<std::uint32_t>(i - first), weights[j * stride + i]};
  }
  starts[places] = n;
  return {starts, coupled};
}

}  // namespace boltzkit::cpu
