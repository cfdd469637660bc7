#include "machine/machine.hpp"

#include <cmath>

#include "core/checked.hpp"
#include "core/normal_values.hpp"

namespace boltzkit {
namespace {

void drawWeights(Backend& backend, std::uint64_t seed, std::size_t coupling, double scale, Tensor& weights) {
  const std::vector<float> values = startWeights(seed, coupling, weights.rows(), weights.cols(), scale);
  backend.upload(std::span<const float>(values), weights);
}

}  // namespace

Machine::Machine(std::shared_ptr<Backend> backend, Wiring wiring, std::uint64_t seed, double weightScale)
    : backend_(std::move(backend)), wiring_(std::move(wiring)), random_(seed) {
  for (const Layer& layer : wiring_.layers()) set_.units.push_back(backend_->tensor(unitParameterCount(layer.type), layer.places));
  for (std::size_t c = 0; c < wiring_.couplings().size(); ++c) {
    const Coupling& coupling = wiring_.couplings()[c];
    set_.weights.push_back(coupling.graph ? backend_->tensor(1, coupling.graph->weights())
                                          : backend_->tensor(places(coupling.a), places(coupling.b)));
    drawWeights(*backend_, seed, c, weightScale, *set_.weights.back());
    if (coupling.lateral() && !coupling.graph) makeSymmetric(coupling.a, *set_.weights.back());
  }
}

Machine::Machine(std::shared_ptr<Backend> backend, Wiring wiring, std::uint64_t seed, ParameterSet set)
    : backend_(std::move(backend)), wiring_(std::move(wiring)), set_(std::move(set)), random_(seed) {}

Machine::ParameterSet Machine::copyParameters() const {
  ParameterSet copy;
  auto add = [&](const std::vector<TensorPtr>& from, std::vector<TensorPtr>& to) {
    for (const TensorPtr& tensor : from) {
      to.push_back(backend_->tensor(tensor->rows(), tensor->cols()));
      backend_->axpby(1, *tensor, 0, *to.back());
    }
  };
  add(set_.weights, copy.weights);
  add(set_.units, copy.units);
  return copy;
}

std::unique_ptr<Machine> Machine::twin() const {
  return std::unique_ptr<Machine>(new Machine(backend_, wiring_, seed(), copyParameters()));
}

TensorPtr Machine::lateralMask(std::size_t layer) const {
  const Layer& l = wiring_.layers()[layer];
  const std::size_t group = groupSize(l);
  std::vector<float> mask(checkedMultiply(l.places, l.places), 0.0f);
  for (std::size_t i = 0; i < l.places; ++i)
    for (std::size_t j = i / group * group; j < (i / group + 1) * group; ++j) mask[i * l.places + j] = 1;
  TensorPtr tensor = backend_->tensor(l.places, l.places);
  backend_->upload(std::span<const float>(mask), *tensor);
  return tensor;
}

// Copies the upper triangle to the lower one and sets the entries between places of one unit to
// zero.
void Machine::makeSymmetric(std::size_t layer, Tensor& weights) const {
  const std::size_t n = weights.rows();
  std::vector<double> values(checkedMultiply(n, n));
  backend_->download(weights, std::span<double>(values));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) values[i * n + j] = values[j * n + i];
  backend_->upload(std::span<const double>(values), weights);
  const TensorPtr mask = lateralMask(layer), zeros = backend_->tensor(n, n);
  backend_->clamp(*mask, *zeros, weights);
}

std::vector<NamedTensor> Machine::named() const {
  std::vector<NamedTensor> all;
  for (std::size_t l = 0; l < set_.units.size(); ++l)
    all.push_back({wiring_.layers()[l].name + parameterSuffix(wiring_.layers()[l].type), set_.units[l].get()});
  for (std::size_t c = 0; c < set_.weights.size(); ++c) all.push_back({wiring_.couplingName(c) + ".weights", set_.weights[c].get()});
  return all;
}

Tensor* Machine::find(const std::string& name) const {
  for (const NamedTensor& parameter : named())
    if (parameter.name == name) return parameter.tensor;
  throw parameterError("there is no parameter named '" + name + "'");
}

void Machine::checkParameter(const std::string& name, std::span<const double> values) const {
  const Tensor& tensor = parameter(name);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!(std::fabs(values[i]) <= largestParameter))
      throw parameterError("values must be finite and at most 1e18, got " + decimal(values[i]) + " at index " + std::to_string(i));
  for (std::size_t c = 0; c < set_.weights.size(); ++c) {
    const Coupling& coupling = wiring_.couplings()[c];
    if (set_.weights[c].get() != &tensor || !coupling.lateral() || coupling.graph) continue;
    const std::size_t n = tensor.rows(), group = groupSize(wiring_.layers()[coupling.a]);
    auto at = [&](std::size_t i, std::size_t j) {
      return decimal(values[i * n + j]) + " at [" + std::to_string(i) + ", " + std::to_string(j) + "]";
    };
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        if (i / group == j / group && (values[i * n + j] != 0 || values[j * n + i] != 0))
          throw parameterError("a layer coupled to itself needs weights of zero between places of one unit (on the diagonal), got " +
                               (values[i * n + j] != 0 ? at(i, j) : at(j, i)));
        if (values[i * n + j] != values[j * n + i])
          throw parameterError("a layer coupled to itself needs symmetric weights, got " + at(i, j) + " and " + at(j, i));
      }
  }
}

}  // namespace boltzkit
