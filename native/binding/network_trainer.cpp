// Network.trainer(): training of a network.
#include <algorithm>
#include <utility>

#include "binding/convert_run.hpp"
#include "binding/network.hpp"
#include "binding/network_convert.hpp"
#include "binding/trainer.hpp"
#include "learning/network_update.hpp"

namespace boltzkit::binding {
namespace {

// Estimates the memory of a trainer without its data: gradient, momentum or moments of every
// parameter, and the buffers of a batch.
std::size_t bytesOf(const Network& network, const NetworkTrainerOptions& options) {
  double values = 0;
  for (const NamedTensor& p : network.parameters()) values += static_cast<double>(p.tensor->rows() * p.tensor->cols());
  double copies = options.optimiser.kind == OptimiserStep::Kind::adam ? 3 : 2;
  if (options.lbfgs) copies = 4 + 2 * static_cast<double>(options.lbfgs->history);
  values *= copies * (options.onDivergence ? 2 : 1);
  for (const auto& layer : network.layers()) values += 3 * static_cast<double>(options.batchSize) * static_cast<double>(layer->outputs());
  return static_cast<std::size_t>(std::min(values, 0x1p50)) * (network.backend().precision() == Precision::float32 ? 4 : 8);
}

}  // namespace

Napi::Value NetworkObject::trainer(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Network> network = handle_->present();
  NetworkTrainerSetup setup = networkTrainerSetupOf(Argument(info, 0, "options"), *network);
  const GivenState given = givenStateOf(Argument(info, 1, "state"), Argument(info, 2, "resume"));
  handle_->idle();
  auto update =
      networkUpdate(*network, setup.options, setup.data, setup.validation ? &*setup.validation : nullptr, std::move(setup.rowWeights));
  auto trainer = std::make_unique<Trainer>(std::move(update), setup.options, given.state ? &*given.state : nullptr, given.resume);
  return newTrainer(info.Env(), handle_, {network}, std::move(trainer), bytesOf(*network, setup.options));
}

}  // namespace boltzkit::binding
