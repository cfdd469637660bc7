#include "binding/trainer.hpp"

#include <utility>

#include "binding/convert_run.hpp"
#include "binding/training_task.hpp"

namespace boltzkit::binding {

Napi::Value newTrainer(Napi::Env env, const std::shared_ptr<ModelHandle>& handle, std::vector<std::shared_ptr<void>> models,
                       std::unique_ptr<Trainer> trainer, std::size_t bytes, std::vector<std::shared_ptr<ModelHandle>> others) {
  const auto parts = std::make_shared<TrainerParts>(env);
  parts->handle = handle;
  parts->others = std::move(others);
  parts->models = std::move(models);
  parts->trainer = std::move(trainer);
  parts->totalSteps = parts->trainer->totalSteps();
  parts->stepsPerEpoch = parts->trainer->stepsPerEpoch();
  parts->step = parts->trainer->step();
  parts->memory.set(bytes);

  Instance& instance = Instance::of(env);
  instance.newTrainer = parts;
  const Napi::Object object = instance.trainerClass.New({});
  handle->adopt(parts);
  return object;
}

Napi::Function TrainerObject::define(Napi::Env env) {
  using T = TrainerObject;
  return defineClass<TrainerObject>(env, {getter<T, &T::totalSteps>("totalSteps"), getter<T, &T::stepsPerEpoch>("stepsPerEpoch"),
                                          getter<T, &T::step>("step"), method<T, &T::run>("run"), method<T, &T::state>("state")});
}

TrainerObject::TrainerObject(const Napi::CallbackInfo& info) {
  parts_ = std::exchange(Instance::of(info.Env()).newTrainer, nullptr);
  if (!parts_) throw parameterError("a trainer is made by Machine.trainer() and its like");
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
  parts_->handle->requireIdle();
  for (const std::shared_ptr<ModelHandle>& other : parts_->others) other->requireIdle();
  return parts_->handle->start(info.Env(), std::make_shared<TrainingTask>(parts_, untilStep, onProgress), false, parts_->others);
}

Napi::Value TrainerObject::state(const Napi::CallbackInfo& info) {
  parts_->handle->requireIdle();
  return trainerStateObject(info.Env(), parts_->trainer->state(), parts_->handle->backend->precision());
}

}  // namespace boltzkit::binding
