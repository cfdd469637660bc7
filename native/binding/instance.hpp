// The addon's state per environment (the main thread or a worker). There is no other state.
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
  // JavaScript's own constructors, from when the addon was loaded.
  Napi::FunctionReference float32Array, float64Array;
  Napi::FunctionReference trainerClass;
  // Set only while a model's trainer() constructs a trainer. Other code cannot make one.
  std::shared_ptr<TrainerParts> newTrainer;
};

}  // namespace boltzkit::binding
