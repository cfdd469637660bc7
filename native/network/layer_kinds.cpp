#include "network/layer_kinds.hpp"

#include <string>

#include "network/dense_layer.hpp"
#include "network/dropout_layer.hpp"

namespace boltzkit {
namespace {

struct Kind {
  const char* name;
  decltype(&makeDenseLayer) make;
};

// A new kind of layer is one more line.
constexpr Kind kinds[] = {
    {"dense", makeDenseLayer},
    {"dropout", makeDropoutLayer},
};

}  // namespace

std::unique_ptr<NetworkLayer> makeLayer(const LayerSpec& spec, std::size_t inputs, std::size_t index, std::uint64_t seed,
                                        Backend& backend) {
  std::string known;
  for (const Kind& kind : kinds) {
    if (spec.kind == kind.name) return kind.make(spec, inputs, index, seed, backend);
    known += (known.empty() ? "'" : " or '") + std::string(kind.name) + "'";
  }
  throw parameterError("`kind` of layer '" + spec.name + "' must be " + known + ", got '" + spec.kind + "'");
}

}  // namespace boltzkit
