#include "cpu/neighbour_lists.hpp"

#include <algorithm>
#include <limits>

namespace boltzkit::cpu {
namespace {

// True if the existing lists are the wanted ones. If not, they count as none from now on, so that
// nothing stays half done.
bool made(NeighbourKey& there, const NeighbourKey& wanted) {
  if (there == wanted) return true;
  there = {};
  return false;
}

// The entries of one unit, place by place.
void listUnit(const Graph& graph, std::uint32_t unit, const float* weights, float scale, Neighbour* to) {
  const std::uint32_t size = graph.size();
  for (std::uint32_t k = 0; k < size; ++k)
    for (const Graph::Neighbour* n = graph.begin(unit); n != graph.end(unit); ++n)
      for (std::uint32_t l = 0; l < size; ++l) *to++ = {n->unit * size + l, scale * weights[graph.weight(*n, k, l)]};
}

constexpr std::uint32_t unused = std::numeric_limits<std::uint32_t>::max();

// Whether the used places are consecutive lane by lane. The unused ones then continue the run; else
// they become 0.
bool joinRun(std::uint32_t* place, std::size_t units) {
  const std::uint32_t* first = std::find_if(place, place + lineFloats, [](std::uint32_t p) { return p != unused; });
  // Wraps around if there are too few places in front; it then fails the test.
  const std::uint32_t base = *first - static_cast<std::uint32_t>(first - place);
  bool run = base < units;
  for (std::uint32_t i = 0; i < lineFloats; ++i) run = run && (place[i] == unused || place[i] == base + i);
  for (std::uint32_t i = 0; i < lineFloats; ++i)
    if (run || place[i] == unused) place[i] = run ? base + i : 0;
  return run;
}

// The slots of the 16 units from position p on.
void slotLine(const Graph& graph, const std::uint32_t* position, const float* weights, std::size_t p, std::size_t slots,
              std::uint32_t* place, std::uint32_t* run, float* weight) {
  std::fill_n(place, slots * lineFloats, unused);
  std::fill_n(weight, slots * lineFloats, 0.0f);
  for (std::size_t i = 0; i < std::min(lineFloats, graph.units() - p); ++i) {
    const std::uint32_t unit = graph.order()[p + i];
    std::size_t at = i;
    for (const Graph::Neighbour* n = graph.begin(unit); n != graph.end(unit); ++n, at += lineFloats) {
      place[at] = position[n->unit];
      weight[at] = weights[n->edge];
    }
  }
  for (std::size_t slot = 0; slot < slots; ++slot) run[slot] = joinRun(place + slot * lineFloats, graph.units());
}

// A line has as many slots as its unit with the most neighbours needs.
void countSlots(const Graph& graph, std::size_t* starts) {
  starts[0] = 0;
  for (std::size_t p = 0, line = 0; p < graph.units(); p += lineFloats, ++line) {
    std::ptrdiff_t most = 0;
    for (std::size_t i = p; i < std::min(p + lineFloats, graph.units()); ++i)
      most = std::max(most, graph.end(graph.order()[i]) - graph.begin(graph.order()[i]));
    starts[line + 1] = starts[line] + static_cast<std::size_t>(most);
  }
}

}  // namespace

NeighbourLists listGraph(Engine& engine, const Graph& graph, bool inOrder, const CpuTensor& weights, float scale) {
  Workspace& workspace = engine.workspace();
  const std::size_t size = graph.size(), units = graph.units();
  const NeighbourKey key{graph.id(), weights.version(), scale, inOrder};
  const bool there = made(workspace.listed, key);
  std::size_t* starts = workspace.neighbourStarts.atLeast(units * size + 1);
  Neighbour* neighbours = workspace.neighbours.atLeast(2 * graph.weights());
  if (there) return {starts, neighbours};
  auto unitAt = [&](std::size_t p) { return inOrder ? graph.order()[p] : static_cast<std::uint32_t>(p); };
  starts[0] = 0;
  for (std::size_t p = 0; p < units; ++p) {
    const std::size_t each = static_cast<std::size_t>(graph.end(unitAt(p)) - graph.begin(unitAt(p))) * size;
    for (std::size_t k = 0; k < size; ++k) starts[p * size + k + 1] = starts[p * size + k] + each;
  }
  engine.parallelRows(units, static_cast<double>(16 * graph.weights()), [&](std::size_t first, std::size_t last) {
    for (std::size_t p = first; p < last; ++p) listUnit(graph, unitAt(p), weights.row(0), scale, neighbours + starts[p * size]);
  });
  workspace.listed = key;
  return {starts, neighbours};
}

NeighbourLists listBlocks(Engine& engine, const CpuTensor& weights, std::size_t group, std::size_t block, bool all) {
  const std::size_t places = weights.cols();
  engine.workspace().listed = {};
  std::size_t* starts = engine.workspace().neighbourStarts.atLeast(places + 1);
  Neighbour* neighbours = engine.workspace().neighbours.atLeast(places * block);
  std::size_t n = 0;
  for (std::size_t j = 0; j < places; ++j) {
    const std::size_t first = j / block * block, last = std::min(first + block, places), unit = j / group * group;
    starts[j] = n;
    for (std::size_t i = first; i < (all ? last : unit); ++i)
      if (i < unit || i >= unit + group) neighbours[n++] = {static_cast<std::uint32_t>(i - first), weights.row(j)[i]};
  }
  starts[places] = n;
  return {starts, neighbours};
}

NeighbourSlots slotGraph(Engine& engine, const Graph& graph, const CpuTensor& weights) {
  Workspace& workspace = engine.workspace();
  const NeighbourKey key{graph.id(), weights.version(), 1, true};
  const bool there = made(workspace.slotted, key);
  const std::size_t lines = (graph.units() + lineFloats - 1) / lineFloats;
  std::size_t* starts = workspace.slotStarts.atLeast(lines + 1);
  if (!there) countSlots(graph, starts);
  const std::size_t slots = starts[lines];
  std::uint32_t* place = workspace.slotPlaces.atLeast(slots * (lineFloats + 1));
  std::uint32_t* run = place + slots * lineFloats;
  float* weight = workspace.slotWeights.atLeast(slots * lineFloats);
  if (there) return {starts, place, run, weight};
  std::vector<std::uint32_t> position(graph.units());
  for (std::size_t p = 0; p < position.size(); ++p) position[graph.order()[p]] = static_cast<std::uint32_t>(p);
  engine.parallelRows(lines, static_cast<double>(slots * 64), [&](std::size_t first, std::size_t last) {
    for (std::size_t g = first; g < last; ++g)
      slotLine(graph, position.data(), weights.row(0), g * lineFloats, starts[g + 1] - starts[g], place + starts[g] * lineFloats,
               run + starts[g], weight + starts[g] * lineFloats);
  });
  workspace.slotted = key;
  return {starts, place, run, weight};
}

}  // namespace boltzkit::cpu
