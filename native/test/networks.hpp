// Shared by tests of networks.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "fixtures.hpp"
#include "learning/network_options.hpp"
#include "network/network_data.hpp"

namespace boltzkit::test {

inline LayerSpec dense(const std::string& name, const std::string& type, std::size_t units, std::size_t size = 1, double scale = 0.5) {
  LayerSpec spec{"dense", name, {{"type", type}}, {{"units", static_cast<double>(units)}, {"weightScale", scale}}};
  if (size > 1) spec.numbers["size"] = static_cast<double>(size);
  return spec;
}

inline LayerSpec dropout(const std::string& name, double rate) { return {"dropout", name, {}, {{"rate", rate}}}; }

inline std::shared_ptr<Rows> rowsFrom(const Values& values, std::size_t cols) {
  auto rows = std::make_shared<Rows>(cols, Domain{-1e9, 1e9});
  rows->append(Rows::Source<double>{values.data(), 0, static_cast<std::ptrdiff_t>(cols), 1, values.size() / cols});
  return rows;
}

// The unit types that layers may have, with a size and places that suit them.
struct LayerType {
  const char* name;
  std::size_t places, size;
};
inline const std::vector<LayerType> layerTypes = {{"bernoulli", 3, 1}, {"spin", 3, 1},       {"softmax", 6, 3}, {"gaussian", 3, 1},
                                                  {"relu", 3, 1},      {"doubleRelu", 3, 1}, {"binomial", 3, 4}};

// Targets in the domain of a type, [rows, places].
inline Values targetsOf(const LayerType& type, std::size_t rows, std::uint64_t seed) {
  Dice dice(seed);
  const std::string name = type.name;
  Values values(rows * type.places, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (name == "softmax") {
      if (i % type.size == 0) values[i + dice.below(type.size)] = 1;
    } else if (name == "binomial") {
      values[i] = static_cast<double>(dice.below(type.size + 1));
    } else {
      values[i] = static_cast<float>(dice.between(name == "bernoulli" || name == "relu" ? 0 : -1, 1));
    }
  }
  return values;
}

inline void upload(Backend& backend, const Values& values, Tensor& to) { backend.upload(std::span<const double>(values), to); }

// Random unit parameters, which start at zero.
inline void shake(Network& network, std::uint64_t seed) {
  for (const LayerParameter& p : network.layerParameters())
    if (p.role == LayerParameter::Role::units)
      upload(network.backend(), randomValues(p.tensor->rows() * p.tensor->cols(), ++seed, Kind::signedReal, 0.8), *p.tensor);
}

inline std::vector<Values> parametersOf(const Network& network) {
  std::vector<Values> all;
  for (const NamedTensor& p : network.parameters()) all.push_back(valuesOf(network.backend(), *p.tensor));
  return all;
}

}  // namespace boltzkit::test
