// A Boltzmann machine: a wiring and its parameters, held by a backend.
//   E(s) = sum_l U_l(s_l) - sum_(a,b) s_a^T W_ab s_b,   p(s) = exp(-beta E(s)) / Z(beta)
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "backend.hpp"
#include "core/random_steps.hpp"
#include "machine/wiring.hpp"

namespace boltzkit {

class Machine {
 public:
  // Draws the weights from N(0, weightScale^2) by the seed. Unit parameters start at zero.
  Machine(std::shared_ptr<Backend> backend, Wiring wiring, std::uint64_t seed, double weightScale);

  // All parameters of a machine of this wiring: weights by coupling, unit parameters by layer.
  struct ParameterSet {
    std::vector<TensorPtr> weights, units;
  };
  ParameterSet copyParameters() const;
  // Swaps all parameters with a set of the same shapes. Copies no value; references to parameter
  // tensors follow the tensors.
  void exchange(ParameterSet& other) noexcept { std::swap(set_, other); }
  // A copy: same wiring, parameters and backend. Draw random words only from the original: the copy
  // would repeat them.
  std::unique_ptr<Machine> twin() const;

  Backend& backend() const { return *backend_; }
  const Wiring& wiring() const { return wiring_; }
  std::size_t places(std::size_t layer) const { return wiring_.layers()[layer].places; }

  const Tensor& weights(std::size_t coupling) const { return *set_.weights[coupling]; }
  Tensor& weights(std::size_t coupling) { return *set_.weights[coupling]; }
  // The weights of a layer's coupling with itself; the layer must have one.
  const Tensor& lateralWeights(std::size_t layer) const {
    return *set_.weights[static_cast<std::size_t>(wiring_.lateral(layer) - wiring_.couplings().data())];
  }
  // [places, places]: 1 where the weights of a dense lateral coupling must stay zero.
  TensorPtr lateralMask(std::size_t layer) const;
  const Tensor& unitParameters(std::size_t layer) const { return *set_.units[layer]; }
  Tensor& unitParameters(std::size_t layer) { return *set_.units[layer]; }
  Units unitsOf(std::size_t layer) const { return {wiring_.layers()[layer].type, set_.units[layer].get(), wiring_.layers()[layer].size}; }

  // All parameter tensors by name. Units: "hidden.bias" [1, places], or "hidden.parameters"
  // [parameters, places] for types with several. Weights: "visible-hidden.weights" [places of a,
  // places of b], or [1, graph weights] along a graph.
  std::vector<NamedTensor> parameters() { return named(); }
  // Throws ParameterError on an unknown name.
  Tensor& parameter(const std::string& name) { return *find(name); }
  const Tensor& parameter(const std::string& name) const { return *find(name); }
  // Throws ParameterError unless values [rows, cols] are valid for this parameter: finite and at
  // most 1e18 in size. Weights of a dense lateral coupling must also be symmetric and zero between
  // places of one unit.
  void checkParameter(const std::string& name, std::span<const double> values) const;

  // Hands out the random steps of this machine; no draw repeats.
  RandomSteps& random() { return random_; }
  std::uint64_t seed() const { return random_.seed(); }

 private:
  Machine(std::shared_ptr<Backend> backend, Wiring wiring, std::uint64_t seed, ParameterSet set);
  void makeSymmetric(std::size_t layer, Tensor& weights) const;
  std::vector<NamedTensor> named() const;
  Tensor* find(const std::string& name) const;

  std::shared_ptr<Backend> backend_;
  Wiring wiring_;
  ParameterSet set_;
  RandomSteps random_;
};

}  // namespace boltzkit
