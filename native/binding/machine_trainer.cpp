// Machine.trainer(): contrastive learning of a machine.
#include <algorithm>

#include "binding/convert.hpp"
#include "binding/convert_run.hpp"
#include "binding/machine.hpp"
#include "binding/trainer.hpp"
#include "learning/contrastive_update.hpp"

namespace boltzkit::binding {
namespace {

// Estimates the memory of a trainer without its data: gradient, momentum or moments of every
// parameter, and the states of the chains.
std::size_t bytesOf(Machine& machine, const TrainerOptions& options) {
  double values = 0;
  for (const NamedTensor& p : machine.parameters())
    values += (options.optimiser.kind == OptimiserStep::Kind::adam ? 3.0 : 2.0) * static_cast<double>(p.tensor->rows() * p.tensor->cols());
  if (options.onDivergence) values *= 2;
  const std::size_t chains = options.chains * std::max<std::size_t>(1, options.temperatures.size()) + options.batchSize;
  for (const Layer& layer : machine.wiring().layers()) values += static_cast<double>(chains) * static_cast<double>(layer.places);
  return static_cast<std::size_t>(std::min(values, 0x1p50)) * (machine.backend().precision() == Precision::float32 ? 4 : 8);
}

}  // namespace

Napi::Value MachineObject::trainer(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  TrainerSetup setup = trainerSetupOf(Argument(info, 0, "options"), machine->wiring());
  const GivenState given = givenStateOf(Argument(info, 1, "state"), Argument(info, 2, "resume"));
  handle_->idle();
  auto update = contrastiveUpdate(*machine, setup.options, setup.data, setup.validation, std::move(setup.rowWeights));
  auto trainer = std::make_unique<Trainer>(std::move(update), setup.options, given.state ? &*given.state : nullptr, given.resume);
  return newTrainer(info.Env(), handle_, {machine}, std::move(trainer), bytesOf(*machine, setup.options));
}

}  // namespace boltzkit::binding
