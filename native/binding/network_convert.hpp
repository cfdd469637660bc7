// Converts between JavaScript's plain objects and what networks take.
#pragma once
#include <memory>
#include <vector>

#include "binding/arguments.hpp"
#include "learning/network_options.hpp"
#include "network/network_data.hpp"

namespace boltzkit::binding {

struct NetworkSpec {
  std::unique_ptr<Backend> backend;
  std::size_t inputs;
  std::vector<LayerSpec> layers;
  std::uint64_t seed;
};
NetworkSpec networkSpecOf(const Argument& spec);

LossKind lossOf(const Argument& loss);

// Reads rows that a network takes in, as many columns as it has inputs.
std::shared_ptr<const Rows> inputRowsOf(const Argument& rows, const Network& network);
// The same for layer `from`.
std::shared_ptr<const Rows> layerInputRowsOf(const Argument& rows, const Network& network, std::size_t from);
// The same with their targets, null for the rows themselves. For a likelihood they must lie in the
// domain of the output units.
NetworkRows networkRowsOf(const Argument& rows, const Argument& targets, LossKind loss, const Network& network);

struct NetworkTrainerSetup {
  NetworkTrainerOptions options;
  NetworkRows data;
  std::optional<NetworkRows> validation;
  std::vector<double> rowWeights;
};
NetworkTrainerSetup networkTrainerSetupOf(const Argument& options, const Network& network);

}  // namespace boltzkit::binding
