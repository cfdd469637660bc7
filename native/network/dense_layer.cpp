#include "network/dense_layer.hpp"

#include <array>
#include <limits>
#include <utility>

#include "core/normal_values.hpp"

namespace boltzkit {
namespace {

constexpr double largestScale = 1e9;

class DenseLayer final : public NetworkLayer {
 public:
  DenseLayer(std::string name, UnitType type, std::uint32_t size, std::size_t inputs, std::size_t places, Backend& backend)
      : NetworkLayer(std::move(name), inputs, places),
        backend_(backend),
        type_(type),
        size_(size),
        weights_(backend.tensor(inputs, places)),
        parameters_(backend.tensor(unitParameterCount(type), places)) {}

  Backend& backend() const { return backend_; }
  Tensor& weights() const { return *weights_; }

  std::vector<LayerParameter> parameters() override {
    const bool single = parameters_->rows() == 1;
    return {{LayerParameter::Role::weights, name() + ".weights", weights_.get()},
            {LayerParameter::Role::units, name() + (single ? ".bias" : ".parameters"), parameters_.get()}};
  }
  std::unique_ptr<LayerPass> pass(std::size_t rows, PassNeeds needs) const override;
  bool hasUnits() const override { return true; }
  Units units() const override { return {type_, parameters_.get(), size_}; }
  double work() const override { return static_cast<double>(inputs()) * static_cast<double>(outputs()); }

 private:
  Backend& backend_;
  UnitType type_;
  std::uint32_t size_;
  TensorPtr weights_;     // [inputs, places]
  TensorPtr parameters_;  // [parameters, places]
};

class DensePass final : public LayerPass {
 public:
  DensePass(const DenseLayer& layer, std::size_t rows, PassNeeds needs)
      : layer_(layer),
        backend_(layer.backend()),
        needs_(needs),
        fields_(backend_.tensor(rows, layer.outputs())),
        output_(backend_.tensor(rows, layer.outputs())) {
    if (!needs.gradients) return;
    const Units units = layer.units();
    gradient_ = backend_.tensor(rows, layer.outputs());
    weightGradient_ = backend_.tensor(layer.inputs(), layer.outputs());
    unitGradient_ = backend_.tensor(units.parameters->rows(), layer.outputs());
    ones_ = backend_.tensor(rows, units.parameters->rows());
    std::vector<double> ones;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t k = 0; k < units.parameters->rows(); ++k) ones.push_back(isBias(units.type, k) ? 1 : 0);
    backend_.upload(std::span<const double>(ones), *ones_);
  }

  void setRows(std::size_t n) override {
    for (Tensor* t : {fields_.get(), output_.get(), gradient_.get(), ones_.get()})
      if (t) t->setRows(n);
  }

  void forward(const Tensor& input, const Stream*) override {
    const std::array terms{FieldTerm{.states = &input, .weights = &layer_.weights()}};
    const UnitUpdate update{.units = layer_.units()};
    if (needs_.fields) {
      backend_.fields(terms, false, *fields_);
      backend_.updateUnits(update, *fields_, output_.get(), nullptr);
    } else {
      backend_.fieldsAndUnits(terms, update, *fields_, output_.get(), nullptr);
    }
  }

  const Tensor& output() const override { return *output_; }
  const Tensor& fields() const override { return *fields_; }
  Tensor& gradient() override { return *gradient_; }

  void backward(const Tensor& input, bool atFields, const RowScale& scale, Tensor* inputGradient) override {
    if (!atFields) backend_.throughMeans(layer_.units(), *fields_, *output_, *gradient_);
    terms_[0] = {&input, gradient_.get(), scale.weights, scale.alpha};
    terms_[1] = {ones_.get(), gradient_.get(), scale.weights, scale.alpha};
    if (!inputGradient) return;
    const std::array terms{FieldTerm{.states = gradient_.get(), .weights = &layer_.weights(), .transposed = true}};
    backend_.fields(terms, false, *inputGradient);
  }

  std::vector<LayerGradient> gradients() override {
    const std::span<const StatisticsTerm> terms(terms_);
    return {{weightGradient_.get(), terms.subspan(0, 1)}, {unitGradient_.get(), terms.subspan(1, 1)}};
  }

 private:
  const DenseLayer& layer_;
  Backend& backend_;
  PassNeeds needs_;
  TensorPtr fields_, output_, gradient_;     // [rows, places]
  TensorPtr weightGradient_, unitGradient_;  // as the parameters
  TensorPtr ones_;                           // [rows, parameters]: 1 for biases, else 0
  std::array<StatisticsTerm, 2> terms_{};    // of weights and of unit parameters
};

std::unique_ptr<LayerPass> DenseLayer::pass(std::size_t rows, PassNeeds needs) const {
  return std::make_unique<DensePass>(*this, rows, needs);
}

}  // namespace

std::unique_ptr<NetworkLayer> makeDenseLayer(const LayerSpec& spec, std::size_t inputs, std::size_t index, std::uint64_t seed,
                                             Backend& backend) {
  spec.requireOnly({"type", "units", "size", "weightScale"});
  const UnitType type = unitTypeNamed(spec.text("type"));
  const std::size_t places = spec.count("units", 1), size = spec.count("size", 1, 1);
  if (keepsTotal(type))
    throw parameterError("layer '" + spec.name + "' cannot be of type 'counts': its units keep a total that only data have; use 'softmax'");
  const std::size_t group = visitUnit(type, [&](auto unit) { return decltype(unit)::grouped ? size : 1; });
  if (places % group != 0)
    throw parameterError("layer '" + spec.name + "' has " + std::to_string(places) + " places, which do not make units of " +
                         std::to_string(group));
  auto layer = std::make_unique<DenseLayer>(spec.name, type, static_cast<std::uint32_t>(size), inputs, places, backend);
  const std::vector<float> start = startWeights(seed, index, inputs, places, spec.number("weightScale", 0, largestScale));
  backend.upload(std::span<const float>(start), layer->weights());
  return layer;
}

}  // namespace boltzkit
