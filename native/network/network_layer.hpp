// One layer of a network, and its buffers for some rows. A layer knows its parameters; a pass knows
// what goes through it. A new kind of layer derives from both and gets a line in layer_kinds.cpp.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend.hpp"

namespace boltzkit {

// A parameter tensor of a layer. Decay and limits of norms are for weights: column j belongs to
// unit j.
struct LayerParameter {
  enum class Role { weights, units } role;
  std::string name;  // "<layer>.weights"
  Tensor* tensor;
};

// What rows contribute to gradients: weight[r] * alpha. weights [1, rows]; null: ones.
struct RowScale {
  const Tensor* weights = nullptr;
  double alpha = 1;
};

// The gradient of a parameter: the sum of the terms, or, without terms, the contents of `sum`, which
// has the shape of the parameter.
struct LayerGradient {
  Tensor* sum;
  std::span<const StatisticsTerm> terms = {};
};

// What a pass is for. Forward alone needs fewer buffers.
struct PassNeeds {
  bool gradients = false;
  bool fields = false;  // of the last layer: losses are computed from them
};

class LayerPass {
 public:
  virtual ~LayerPass() = default;
  // Uses the first n rows from now on.
  virtual void setRows(std::size_t n) = 0;

  // True if the outputs would be the inputs as they are: the pass is then left out. `random`: of a
  // training pass.
  virtual bool skips(bool /*random*/) const { return false; }
  // Drops inputs at this rate from now on. False if the layer drops none.
  virtual bool setDropout(double /*rate*/) { return false; }

  // Computes the outputs [rows, outputs] from inputs [rows, inputs], which must stay as they are
  // until `backward`. `draws`: the random words of a training pass; null: nothing is random.
  virtual void forward(const Tensor& input, const Stream* draws) = 0;
  virtual const Tensor& output() const = 0;

  // For passes with gradients. Whoever uses the outputs writes the gradient of the loss with
  // respect to them here; [rows, outputs].
  virtual Tensor& gradient() = 0;
  // Takes the gradient through the layer: what `gradients` tells is valid afterwards, and the
  // gradient of the inputs goes to `inputGradient` unless that is null. With `atFields`, `gradient`
  // holds the gradient with respect to the fields of the layer's units. May change `gradient`.
  virtual void backward(const Tensor& input, bool atFields, const RowScale& scale, Tensor* inputGradient) = 0;
  // One for each parameter, in the layer's order.
  virtual std::vector<LayerGradient> gradients() { return {}; }

  // Fields of the layer's units, of passes that need them.
  virtual const Tensor& fields() const { return output(); }
};

class NetworkLayer {
 public:
  NetworkLayer(std::string name, std::size_t inputs, std::size_t outputs) : name_(std::move(name)), inputs_(inputs), outputs_(outputs) {}
  virtual ~NetworkLayer() = default;

  const std::string& name() const { return name_; }
  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }

  virtual std::vector<LayerParameter> parameters() { return {}; }
  // Buffers for up to `rows` rows.
  virtual std::unique_ptr<LayerPass> pass(std::size_t rows, PassNeeds needs) const = 0;
  // If the outputs are means of units: which. A last layer must have them.
  virtual bool hasUnits() const { return false; }
  virtual Units units() const { throw Error(ErrorCode::internal, "layer '" + name_ + "' has no units"); }
  // Multiply-adds for one row, forward.
  virtual double work() const = 0;

 private:
  std::string name_;
  std::size_t inputs_, outputs_;
};

}  // namespace boltzkit
