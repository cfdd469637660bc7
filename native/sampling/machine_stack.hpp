// Machines one above the other, and rows seen through them: layer 1 of each machine is layer 0 of
// the next one. On the way up every layer 1 is taken given layer 0 alone,
//   q(h_l | h_(l-1)) of machine l, with h_0 the row,
// as its means or as a draw (Hinton, Osindero & Teh, "A fast learning algorithm for deep belief
// nets", Neural Computation 18 (2006), section 3). Other layers of a machine, like its labels, exert
// no field.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "machine/conditional.hpp"

namespace boltzkit {

class MachineStack {
 public:
  // From the bottom to the top; the stack keeps the machines. Throws ParameterError or ShapeError
  // unless each has a layer 1 that is coupled to layer 0 and not to itself, and that has the places
  // and may have the values of the next one's layer 0. At most 256 machines.
  MachineStack(std::vector<std::shared_ptr<const Machine>> machines, Draw draw);

  std::size_t size() const { return machines_.size(); }
  const Machine& machine(std::size_t level) const { return *machines_[level]; }
  const Layer& bottom() const { return machines_.front()->wiring().layers()[0]; }
  const Layer& top() const { return machines_.back()->wiring().layers()[1]; }
  // sample or mean
  Draw draw() const { return draw_; }

  // Throws unless what the stack gives can be rows of this layer.
  void requireFits(const Layer& layer) const;
  // Throws ParameterError unless the machines are of the same kind of backend as `above`.
  void requireOn(const Backend& above) const;

 private:
  std::vector<std::shared_ptr<const Machine>> machines_;
  Draw draw_;
};

// Sees rows through a stack, in scratch memory that is kept for as many rows as there ever were.
class StackPass {
 public:
  StackPass(Backend& backend, std::shared_ptr<const MachineStack> stack) : backend_(backend), stack_(std::move(stack)) {}

  const MachineStack& stack() const { return *stack_; }
  // Where the rows of the bottom layer go, [rows, places].
  Tensor& input(std::size_t rows);
  // out [rows, places] = the top layer given `input`. With `words` the draws of every level, whose
  // streams have layers firstLayer, firstLayer + 1, ...; without, means.
  void run(const std::optional<DrawWords>& words, std::uint8_t firstLayer, Accuracy accuracy, Tensor& out);

 private:
  void reserve(std::size_t rows);

  Backend& backend_;
  std::shared_ptr<const MachineStack> stack_;
  std::vector<TensorPtr> below_;  // by level: the values of layer 0
  std::vector<Conditional> levels_;
};

}  // namespace boltzkit
