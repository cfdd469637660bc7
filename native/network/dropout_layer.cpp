#include "network/dropout_layer.hpp"

#include <utility>

namespace boltzkit {
namespace {

class DropoutPass final : public LayerPass {
 public:
  DropoutPass(Backend& backend, std::size_t rows, std::size_t places, double rate, PassNeeds needs)
      : backend_(backend),
        rate_(rate),
        output_(backend.tensor(rows, places)),
        gradient_(needs.gradients ? backend.tensor(rows, places) : nullptr) {}

  void setRows(std::size_t n) override {
    output_->setRows(n);
    if (gradient_) gradient_->setRows(n);
  }

  bool skips(bool random) const override { return !random || rate_ == 0; }
  bool setDropout(double rate) override {
    rate_ = rate;
    return true;
  }

  void forward(const Tensor& input, const Stream* draws) override {
    draws_ = *draws;
    backend_.drop(draws_, rate_, input, *output_);
  }

  const Tensor& output() const override { return *output_; }
  Tensor& gradient() override { return *gradient_; }

  // The same places as on the way forward: their words have names.
  void backward(const Tensor&, bool, const RowScale&, Tensor* inputGradient) override {
    if (inputGradient) backend_.drop(draws_, rate_, *gradient_, *inputGradient);
  }

 private:
  Backend& backend_;
  double rate_;
  TensorPtr output_, gradient_;  // [rows, places]
  Stream draws_;                 // of the last forward pass
};

class DropoutLayer final : public NetworkLayer {
 public:
  DropoutLayer(std::string name, std::size_t inputs, double rate, Backend& backend)
      : NetworkLayer(std::move(name), inputs, inputs), backend_(backend), rate_(rate) {}

  std::unique_ptr<LayerPass> pass(std::size_t rows, PassNeeds needs) const override {
    return std::make_unique<DropoutPass>(backend_, rows, inputs(), rate_, needs);
  }
  double work() const override { return static_cast<double>(inputs()); }

 private:
  Backend& backend_;
  double rate_;
};

}  // namespace

std::unique_ptr<NetworkLayer> makeDropoutLayer(const LayerSpec& spec, std::size_t inputs, std::size_t, std::uint64_t, Backend& backend) {
  spec.requireOnly({"rate"});
  const double rate = spec.number("rate", 0, 1);
  if (rate == 1) throw parameterError("`rate` of layer '" + spec.name + "' must be below 1, got 1");
  return std::make_unique<DropoutLayer>(spec.name, inputs, rate, backend);
}

}  // namespace boltzkit
