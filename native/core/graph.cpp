#include "core/graph.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>
#include <string>

#include "core/checked.hpp"
#include "core/error.hpp"

namespace boltzkit {
namespace {

// Markers for units without a colour: not visited yet, or in a component that is not bipartite.
constexpr std::uint32_t uncoloured = std::numeric_limits<std::uint32_t>::max(), pending = uncoloured - 1;

std::string pairOf(const Graph::Edge& e) { return "(" + std::to_string(e.first) + ", " + std::to_string(e.second) + ")"; }

std::uint64_t nextId() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void checkEdges(std::size_t units, std::vector<Graph::Edge>& edges) {
  for (Graph::Edge& e : edges) {
    if (e.first >= units || e.second >= units)
      throw parameterError("edges must join units below " + std::to_string(units) + ", got " + pairOf(e));
    if (e.first == e.second) throw parameterError("an edge must join two different units, got " + pairOf(e));
    if (e.first > e.second) std::swap(e.first, e.second);
  }
  std::vector<Graph::Edge> sorted = edges;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) throw parameterError("each edge must be given once, in one direction, got " + pairOf(*twice) + " twice");
}

}  // namespace

Graph::Graph(std::size_t units, std::uint32_t size, std::vector<Edge> edges)
    : id_(nextId()), units_(units), size_(size), edges_(std::move(edges)) {
  checkEdges(units_, edges_);
  if (edges_.size() > std::numeric_limits<std::uint32_t>::max()) throw parameterError("a graph may have at most 4294967295 edges");
  checkedMultiply(checkedMultiply(checkedMultiply(edges_.size(), size_), size_), sizeof(double));
  starts_.assign(units_ + 1, 0);
  for (const Edge& e : edges_) {
    ++starts_[e.first + 1];
    ++starts_[e.second + 1];
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  neighbours_.resize(2 * edges_.size());
  std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
  for (std::uint32_t e = 0; e < edges_.size(); ++e) {
    const auto [i, j] = edges_[e];
    neighbours_[next[i]++] = {j, e, true};
    neighbours_[next[j]++] = {i, e, false};
  }
  for (std::size_t unit = 0; unit < units_; ++unit)
    std::sort(neighbours_.begin() + static_cast<std::ptrdiff_t>(starts_[unit]),
              neighbours_.begin() + static_cast<std::ptrdiff_t>(starts_[unit + 1]),
              [](const Neighbour& a, const Neighbour& b) { return a.unit < b.unit; });
  colour();
}

// Connected components that are bipartite get two colours by breadth-first search. The others are
// coloured greedily, units of highest degree first (Welsh & Powell 1967); this takes at most
// 1 + the largest degree colours.
void Graph::colour() {
  std::vector<std::uint32_t> colourOf(units_, uncoloured);
  for (std::uint32_t unit = 0; unit < units_; ++unit)
    if (colourOf[unit] == uncoloured) colourPart(unit, colourOf);
  colourGreedily(colourOf);
  sortByColour(colourOf);
}

void Graph::colourPart(std::uint32_t from, std::vector<std::uint32_t>& colourOf) const {
  std::vector<std::uint32_t> part{from};
  colourOf[from] = 0;
  bool two = true;
  for (std::size_t next = 0; next < part.size(); ++next)
    for (const Neighbour* n = begin(part[next]); n != end(part[next]); ++n) {
      two = two && colourOf[n->unit] != colourOf[part[next]];
      if (colourOf[n->unit] != uncoloured) continue;
      colourOf[n->unit] = 1 - colourOf[part[next]];
      part.push_back(n->unit);
    }
  for (std::uint32_t unit : part)
    if (!two) colourOf[unit] = pending;
}

void Graph::colourGreedily(std::vector<std::uint32_t>& colourOf) const {
  std::vector<std::uint32_t> left, usedBy;
  for (std::uint32_t unit = 0; unit < units_; ++unit)
    if (colourOf[unit] == pending) left.push_back(unit);
  auto degree = [&](std::uint32_t i) { return starts_[i + 1] - starts_[i]; };
  std::stable_sort(left.begin(), left.end(), [&](std::uint32_t a, std::uint32_t b) { return degree(a) > degree(b); });
  for (std::uint32_t unit : left) {
    for (const Neighbour* n = begin(unit); n != end(unit); ++n)
      if (colourOf[n->unit] != pending) usedBy[colourOf[n->unit]] = unit;
    const auto free = std::find_if(usedBy.begin(), usedBy.end(), [&](std::uint32_t by) { return by != unit; });
    colourOf[unit] = static_cast<std::uint32_t>(free - usedBy.begin());
    if (free == usedBy.end()) usedBy.push_back(uncoloured);
  }
}

void Graph::sortByColour(const std::vector<std::uint32_t>& colourOf) {
  const std::uint32_t count = units_ == 0 ? 0 : *std::max_element(colourOf.begin(), colourOf.end()) + 1;
  colours_.assign(count + std::size_t{1}, 0);
  for (std::uint32_t c : colourOf) ++colours_[c + 1];
  std::partial_sum(colours_.begin(), colours_.end(), colours_.begin());
  order_.resize(units_);
  std::vector<std::uint32_t> next(colours_.begin(), colours_.end() - 1);
  for (std::uint32_t unit = 0; unit < units_; ++unit) order_[next[colourOf[unit]]++] = unit;
}

}  // namespace boltzkit
