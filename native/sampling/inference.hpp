// What a user asks of a machine outside of training: conditionals and energies. Rows go through in chunks, so scratch memory
// does not grow with the data; results go to `out`, one row of it per row of data. Every function polls `cancelled` between chunks
// or sweeps and throws Error{aborted}.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// Answers questions about the rows of one call after the other, one call at a time.
class Inference {
 public:
  explicit Inference(std::shared_ptr<Machine> machine) : owner_(std::move(machine)), machine_(*owner_) {}

  // Given rows of some layers, the conditional means or samples of `target`, out [rows, units], row-major. Exact; throws ParameterError
  // when a layer that is neither given nor the target is coupled to the target.
  void conditional(const std::vector<LayerRows>& given, std::size_t target, Draw draw, const Cancelled& cancelled, std::span<float> out);

  // Rows of a layer -> mean or draw of `via` -> means of the layer: what the machine makes of its data.
  void reconstruct(const LayerRows& given, std::size_t via, Draw draw, const Cancelled& cancelled, std::span<float> out);

  // P(category | given) of a softmax layer of one group, every layer that is neither given nor it summed out; out [rows, categories].
  // Throws ParameterError when those layers are coupled to each other.
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
  std::shared_ptr<Scratch> few_;  // kept for the next call: making it takes as long as the answer about a row
};

}  // namespace boltzkit
