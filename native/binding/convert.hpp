// Converts between JavaScript's plain objects and the structs of the parts above machine/.
#pragma once
#include <memory>
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

ChainOptions chainOptionsOf(const Argument& options, const Wiring& wiring);

struct TrainerSetup {
  TrainerOptions options;
  std::vector<LayerRows> data, validation;
  std::vector<double> rowWeights;
};
TrainerSetup trainerSetupOf(const Argument& options, const Wiring& wiring);

}  // namespace boltzkit::binding
