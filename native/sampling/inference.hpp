// Conditionals and energies of a machine, outside of training. Rows are processed in chunks, so
// scratch memory does not grow with the data. `out` gets one row per row of data. Every function
// polls `cancelled` between chunks and throws Error{aborted}.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// Answers one call at a time.
class Inference {
 public:
  explicit Inference(std::shared_ptr<Machine> machine) : owner_(std::move(machine)), machine_(*owner_) {}

  // The conditional means or samples of `target` given rows of some layers; out [rows, places],
  // row-major. Exact. Throws ParameterError if a layer that is not given is coupled to the target,
  // or the target to itself.
  void conditional(const std::vector<LayerRows>& given, std::size_t target, Draw draw, const Cancelled& cancelled, std::span<float> out);

  // The machine's reconstruction of its data: rows of a layer give means or draws of `via`, which
  // give means of the layer.
  void reconstruct(const LayerRows& given, std::size_t via, Draw draw, const Cancelled& cancelled, std::span<float> out);

  // P(category | given) of a layer that is one softmax unit; out [rows, categories]. All other
  // layers that are not given are summed out. Throws ParameterError if they are coupled to each
  // other.
  void categoryProbabilities(const std::vector<LayerRows>& given, std::size_t layer, const Cancelled& cancelled, std::span<float> out);

  void energy(const std::vector<LayerRows>& all, const Cancelled& cancelled, std::span<double> out);
  void freeEnergy(const std::vector<LayerRows>& given, const Cancelled& cancelled, std::span<double> out);

 private:
  struct Scratch {
    Scratch(const Machine& machine, std::size_t rows) : states(machine, rows), fields(machine, rows) {}
    States states, fields;
  };
  void sumsOver(const std::vector<LayerRows>& given, const Cancelled& cancelled, std::span<double> out);
  std::shared_ptr<Scratch> scratchFor(std::size_t rows);
  void draw(std::size_t layer, Scratch& scratch, const std::vector<bool>& from, Draw draw, const Stream& stream, std::size_t firstChain);

  std::shared_ptr<Machine> owner_;
  Machine& machine_;
  // Kept for the next call: to allocate it takes as long as to answer for one row.
  std::shared_ptr<Scratch> few_;
};

}  // namespace boltzkit
