// What the addon keeps per environment (the main thread or a worker); there is no state outside of it.
#pragma once
#include <memory>

#include "binding/job_host.hpp"
#include "binding/node.hpp"

namespace boltzkit::binding {

struct TrainerParts;

struct Instance {
  explicit Instance(Napi::Env env);
  static Instance& of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

  JobHost jobs;
  Napi::FunctionReference float32Array, float64Array;  // JavaScript's own constructors, as they were when the addon was loaded
  Napi::FunctionReference trainerClass;
  std::shared_ptr<TrainerParts> newTrainer;  // set while Machine.trainer() constructs; nobody else can make a trainer
};

}  // namespace boltzkit::binding
