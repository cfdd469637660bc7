// Converts between JavaScript's plain objects and the structs of the parts above machine/.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "binding/arguments.hpp"
#include "learning/training_options.hpp"
#include "sampling/chains.hpp"
#include "sampling/imputation.hpp"

namespace boltzkit::binding {

struct MachineSpec {
  std::unique_ptr<Backend> backend;
  Wiring wiring;
  std::uint64_t seed;
  double weightScale;
};
MachineSpec machineSpecOf(const Argument& spec);

std::size_t layerOf(const Argument& layer, const Wiring& wiring);
Draw drawOf(const Argument& draw);

class RowsObject;

// The domain of the data of a layer, or of units of a type.
Domain domainOf(UnitType type, std::uint32_t size);
Domain domainOf(const Layer& layer);

// Throws ParameterError unless all values that the rows may hold are ones of the domain. `rows` and
// `owner` name both in the message.
void requireWithinDomain(const RowsObject& object, const Domain& domain, const std::string& rows, const std::string& owner);

// Reads rows of one layer. Throws unless they have the layer's number of columns and lie in its
// domain.
LayerRows layerRowsOf(const Argument& given, const Wiring& wiring);
// Reads rows of at least `least` different layers, all with the same number of rows.
std::vector<LayerRows> layerRowsListOf(const Argument& list, const Wiring& wiring, std::size_t least = 1);

ChainOptions chainOptionsOf(const Argument& options, const Wiring& wiring);
ImputeOptions imputeOptionsOf(const Argument& options, const Wiring& wiring);

struct TrainerSetup {
  TrainerOptions options;
  std::vector<LayerRows> data, validation;
  std::vector<double> rowWeights;
};
TrainerSetup trainerSetupOf(const Argument& options, const Wiring& wiring);

}  // namespace boltzkit::binding
