// Which layers there are, which of them are coupled, and in which order blocks of them may be updated together.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/graph.hpp"
#include "units/units.hpp"

namespace boltzkit {

struct Layer {
  std::string name;
  UnitType type;
  std::size_t units;       // places in a state row; `size` of them to a unit of a grouped type
  std::uint32_t size = 1;  // the type's own number: categories, trials, words
};

// What a layer's name is followed by to name its parameters: ".bias", or ".parameters" where a unit has several.
const char* parameterSuffix(UnitType type);

// Places of one unit.
std::uint32_t groupSize(const Layer& layer);

struct Coupling {
  std::size_t a, b;  // layer indices; weights are [units of a, units of b]
  // A layer's coupling with itself may follow a graph; weights are then [1, graph->weights()].
  std::shared_ptr<const Graph> graph = nullptr;
  // Within a layer: symmetric, zero between places of one unit; each pair counts once in the energy.
  bool lateral() const { return a == b; }
};

class Wiring {
 public:
  // Throws ParameterError on: no layers, more than 256, an empty or repeated name, no units, an unknown layer, a coupling
  // given twice, two tensors of one name ('a' - 'b-c' and 'a-b' - 'c'), counts coupled to themselves, a graph between two layers or of another
  // size than its layer.
  Wiring(std::vector<Layer> layers, std::vector<Coupling> couplings);

  const std::vector<Layer>& layers() const { return layers_; }
  const std::vector<Coupling>& couplings() const { return couplings_; }
  bool coupled(std::size_t a, std::size_t b) const;
  // The coupling of a layer with itself, if there is one.
  const Coupling* lateral(std::size_t layer) const;
  // How many couplings a layer has, that with itself included.
  std::size_t couplingsOf(std::size_t layer) const;
  std::string couplingName(std::size_t c) const;  // "visible-hidden"

  // Blocks of mutually uncoupled layers that cover the free ones, each block in rising layer order (greedy colouring).
  std::vector<std::vector<std::size_t>> blocks(const std::vector<bool>& clamped) const;

 private:
  void checkGraph(const Coupling& coupling) const;
  void checkNames() const;

  std::vector<Layer> layers_;
  std::vector<Coupling> couplings_;
};

}  // namespace boltzkit
