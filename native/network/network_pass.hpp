// What goes through a network: the buffers of all layers for up to so many rows. Made once for many
// batches.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "network/network.hpp"

namespace boltzkit {

class NetworkPass {
 public:
  NetworkPass(const Network& network, std::size_t rows, PassNeeds needs);
  // A pass of the layers `from` ... `upTo` only, whose inputs are those of layer `from`.
  NetworkPass(const Network& network, std::size_t rows, PassNeeds needs, std::size_t from, std::size_t upTo);

  // Sets the rates of the layers that drop inputs, in order. Throws ShapeError unless they are as
  // many, ParameterError unless all are in [0, 1).
  void setDropout(std::span<const double> rates);

  // Uses the first n rows from now on.
  void setRows(std::size_t n);
  // [rows, inputs], to be filled in.
  Tensor& input() { return *input_; }
  // `draws`: the random words of a training pass, of which layer l uses those of layer l; null:
  // nothing is random.
  void forward(const Stream* draws);
  const Tensor& output() const { return used_.empty() ? *input_ : layers_[used_.back()]->output(); }
  const Tensor& fields() const { return layers_.back()->fields(); }

  // Where the gradient of the loss is to be written: with respect to the outputs, or to the fields
  // of the last layer's units.
  Tensor& gradient() { return layers_.back()->gradient(); }
  // Goes down to layer `lowest`, whose parameters are the last ones needed. `inputGradient`
  // [rows, inputs] may be null; with it, lowest must be 0.
  void backward(bool atFields, const RowScale& scale, std::size_t lowest, Tensor* inputGradient);
  // In the order of Network::parameters, after `backward`. Parameters of layers below `lowest` have
  // stale ones.
  std::vector<LayerGradient> gradients() const;

 private:
  TensorPtr input_;
  std::vector<std::unique_ptr<LayerPass>> layers_;
  std::size_t from_;
  std::vector<std::size_t> used_;  // the layers that the last forward pass went through
};

}  // namespace boltzkit
