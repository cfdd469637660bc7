// The layers of a machine, their couplings, and the blocks of layers that are updated together.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/graph.hpp"
#include "core/rows.hpp"
#include "units/units.hpp"

namespace boltzkit {

struct Layer {
  std::string name;
  UnitType type;
  std::size_t places;      // columns of a state row; a grouped unit has `size` of them
  std::uint32_t size = 1;  // depends on the type: categories, trials, words
};

// The suffix of a layer's parameter tensor: ".bias", or ".parameters" if a unit has several
// parameters.
const char* parameterSuffix(UnitType type);

// Number of places of one unit.
std::uint32_t groupSize(const Layer& layer);

// The values that data of a layer may have.
Domain domainOf(const Layer& layer);

struct Coupling {
  std::size_t a, b;  // layer indices; weights are [places of a, places of b]
  // A lateral coupling may follow a graph; its weights are then [1, graph->weights()].
  std::shared_ptr<const Graph> graph = nullptr;
  // True if a layer is coupled to itself. Dense lateral weights are symmetric and zero between
  // places of one unit; each pair counts once in the energy.
  bool lateral() const { return a == b; }
};

class Wiring {
 public:
  // Throws ParameterError on: no layers or more than 256, an empty or repeated name, no units, an
  // unknown layer, a coupling given twice, two tensors with the same name
  // ('a' - 'b-c' and 'a-b' - 'c'), counts coupled to themselves, a graph between two layers or of
  // another size than its layer. Also on sizes: a layer size that is 0 or does not fit the places,
  // too many units, trials or words.
  Wiring(std::vector<Layer> layers, std::vector<Coupling> couplings);

  const std::vector<Layer>& layers() const { return layers_; }
  const std::vector<Coupling>& couplings() const { return couplings_; }
  bool coupled(std::size_t a, std::size_t b) const;
  // The coupling of a layer with itself, if there is one.
  const Coupling* lateral(std::size_t layer) const;
  // Number of couplings of a layer, including the lateral one.
  std::size_t couplingsOf(std::size_t layer) const;
  std::string couplingName(std::size_t c) const;  // "visible-hidden"

  // Blocks of mutually uncoupled layers that together cover the free ones; each in rising layer
  // order (greedy colouring).
  std::vector<std::vector<std::size_t>> blocks(const std::vector<bool>& clamped) const;

 private:
  void checkGraph(const Coupling& coupling) const;
  void checkNames() const;

  std::vector<Layer> layers_;
  std::vector<Coupling> couplings_;
};

// Throws ParameterError unless there is a layer of this number.
void requireLayer(const Wiring& wiring, std::size_t layer);

}  // namespace boltzkit
