#include "binding/trainer.hpp"

#include "binding/convert.hpp"
#include "binding/machine.hpp"
#include "binding/training_task.hpp"
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
  const Argument given(info, 1, "state");
  std::optional<TrainerState> state;
  if (!given.isNull()) state = trainerStateOf(given);
  const bool resume = Argument(info, 2, "resume").flag();
  if (resume && !state) throw parameterError("`state` must be given to resume a run");

  handle_->idle();
  const auto parts = std::make_shared<TrainerParts>(info.Env());
  const std::size_t bytes = bytesOf(*machine, setup.options);
  parts->handle = handle_;
  parts->machine = machine;
  auto update = contrastiveUpdate(*machine, setup.options, setup.data, setup.validation, std::move(setup.rowWeights));
  parts->trainer = std::make_unique<Trainer>(std::move(update), setup.options, state ? &*state : nullptr, resume);
  parts->totalSteps = parts->trainer->totalSteps();
  parts->stepsPerEpoch = parts->trainer->stepsPerEpoch();
  parts->step = parts->trainer->step();
  parts->memory.set(bytes);

  Instance& instance = Instance::of(info.Env());
  instance.newTrainer = parts;
  const Napi::Object object = instance.trainerClass.New({});
  handle_->adopt(parts);
  return object;
}

Napi::Function TrainerObject::define(Napi::Env env) {
  using T = TrainerObject;
  return defineClass<TrainerObject>(env, {getter<T, &T::totalSteps>("totalSteps"), getter<T, &T::stepsPerEpoch>("stepsPerEpoch"),
                                          getter<T, &T::step>("step"), method<T, &T::run>("run"), method<T, &T::state>("state")});
}

TrainerObject::TrainerObject(const Napi::CallbackInfo& info) {
  parts_ = std::exchange(Instance::of(info.Env()).newTrainer, nullptr);
  if (!parts_) throw parameterError("a trainer is made by Machine.trainer()");
}

Napi::Value TrainerObject::totalSteps(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(parts_->totalSteps));
}

Napi::Value TrainerObject::stepsPerEpoch(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(parts_->stepsPerEpoch));
}

Napi::Value TrainerObject::step(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(parts_->step.load(std::memory_order_relaxed)));
}

Napi::Value TrainerObject::run(const Napi::CallbackInfo& info) {
  const std::uint64_t untilStep = Argument(info, 0, "untilStep").count(0, maxSafeInteger);
  const Napi::Function onProgress = Argument(info, 1, "onProgress").function();
  parts_->handle->idle();
  return parts_->handle->start(info.Env(), std::make_shared<TrainingTask>(parts_, untilStep, onProgress), false);
}

Napi::Value TrainerObject::state(const Napi::CallbackInfo& info) {
  const Machine& machine = parts_->handle->idle();
  return trainerStateObject(info.Env(), parts_->trainer->state(), machine.backend().precision());
}

}  // namespace boltzkit::binding
