// A sparse graph over the units of one layer: which of them are coupled, and in which order they are swept.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace boltzkit {

// Undirected, without loops. A unit has `size` places in a state row, so an edge (i, j) has size * size weights: that between place k of
// unit i and place l of unit j (i < j) stands at (edge * size + k) * size + l.
class Graph {
 public:
  using Edge = std::pair<std::uint32_t, std::uint32_t>;
  // Throws ParameterError on a unit that does not exist, a loop and an edge given twice (in either direction).
  Graph(std::size_t units, std::uint32_t size, std::vector<Edge> edges);

  // A number that no graph with other edges has had in this process: what is derived from a graph can be kept under it.
  std::uint64_t id() const { return id_; }
  std::size_t units() const { return units_; }
  std::uint32_t size() const { return size_; }
  std::size_t weights() const { return edges_.size() * size_ * size_; }
  const std::vector<Edge>& edges() const { return edges_; }  // as given, the smaller unit first

  // The neighbours of unit i, in rising order: entries start(i) ... start(i + 1).
  struct Neighbour {
    std::uint32_t unit;  // the other end
    std::uint32_t edge;
    bool first;  // whether unit i is the smaller end of the edge
  };
  const Neighbour* begin(std::size_t unit) const { return neighbours_.data() + starts_[unit]; }
  const Neighbour* end(std::size_t unit) const { return neighbours_.data() + starts_[unit + 1]; }
  // The weight between place k of the unit that has this neighbour and place l of the neighbour.
  std::size_t weight(const Neighbour& n, std::uint32_t k, std::uint32_t l) const {
    return n.first ? (static_cast<std::size_t>(n.edge) * size_ + k) * size_ + l
                   : (static_cast<std::size_t>(n.edge) * size_ + l) * size_ + k;
  }

  // All units, colour by colour, in rising order within one; units of one colour are not coupled to each other, so they may be drawn together.
  const std::vector<std::uint32_t>& order() const { return order_; }
  // Colour c has the places colours()[c] ... colours()[c + 1] of order().
  const std::vector<std::uint32_t>& colours() const { return colours_; }

 private:
  void colour();
  void colourPart(std::uint32_t from, std::vector<std::uint32_t>& colourOf) const;
  void colourGreedily(std::vector<std::uint32_t>& colourOf) const;
  void sortByColour(const std::vector<std::uint32_t>& colourOf);

  std::uint64_t id_;
  std::size_t units_;
  std::uint32_t size_;
  std::vector<Edge> edges_;
  std::vector<std::size_t> starts_;
  std::vector<Neighbour> neighbours_;
  std::vector<std::uint32_t> order_, colours_;
};

}  // namespace boltzkit
