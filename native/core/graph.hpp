// A sparse graph over the units of one layer: which units are coupled and the order of their
// sweeps.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace boltzkit {

// Undirected, without loops. A unit has `size` places in a state row, so an edge (i, j) has
// size * size weights. For i < j, the weight between place k of unit i and place l of unit j has
// index (edge * size + k) * size + l.
class Graph {
 public:
  using Edge = std::pair<std::uint32_t, std::uint32_t>;
  // Throws ParameterError if a unit does not exist, an edge is a loop or an edge occurs twice (in
  // either direction).
  Graph(std::size_t units, std::uint32_t size, std::vector<Edge> edges);

  // Unique in this process: no two graphs with different edges share an id, so it can serve as a
  // cache key for what is derived from the graph.
  std::uint64_t id() const { return id_; }
  std::size_t units() const { return units_; }
  std::uint32_t size() const { return size_; }
  std::size_t weights() const { return edges_.size() * size_ * size_; }
  // The edges in the given order; each has its smaller unit first.
  const std::vector<Edge>& edges() const { return edges_; }

  // One neighbour of a unit i. begin(i) ... end(i) lists all of them by rising unit number.
  struct Neighbour {
    std::uint32_t unit;  // the other end
    std::uint32_t edge;
    bool first;  // true if unit i is the smaller end of the edge
  };
  const Neighbour* begin(std::size_t unit) const { return neighbours_.data() + starts_[unit]; }
  const Neighbour* end(std::size_t unit) const { return neighbours_.data() + starts_[unit + 1]; }
  // Index of the weight between place k of the unit that has neighbour n and place l of n.
  std::size_t weight(const Neighbour& n, std::uint32_t k, std::uint32_t l) const {
    return n.first ? (static_cast<std::size_t>(n.edge) * size_ + k) * size_ + l
                   : (static_cast<std::size_t>(n.edge) * size_ + l) * size_ + k;
  }

  // All units sorted by colour, in rising order within a colour. Units of one colour are not
  // coupled to each other, so they may be drawn together.
  const std::vector<std::uint32_t>& order() const { return order_; }
  // Colour c occupies entries colours()[c] ... colours()[c + 1] - 1 of order().
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
