// NativeTrainer: one training run of a model. Only a model's trainer() makes it.
#pragma once
#include "binding/model_handle.hpp"
#include "binding/object.hpp"

namespace boltzkit::binding {

class TrainerObject {
 public:
  static constexpr const char* className = "Trainer";
  static constexpr napi_type_tag tag{0xe47b19d3ac0258f6ull, 0x7026f5ce81bd4a39ull};
  static Napi::Function define(Napi::Env env);

  explicit TrainerObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value totalSteps(const Napi::CallbackInfo& info);
  Napi::Value stepsPerEpoch(const Napi::CallbackInfo& info);
  Napi::Value step(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);

  std::shared_ptr<TrainerParts> parts_;
};

// The JavaScript object of a trainer. `models`: all that it works on. `bytes`: what it holds
// besides the data. `others`: see TrainerParts.
Napi::Value newTrainer(Napi::Env env, const std::shared_ptr<ModelHandle>& handle, std::vector<std::shared_ptr<void>> models,
                       std::unique_ptr<Trainer> trainer, std::size_t bytes, std::vector<std::shared_ptr<ModelHandle>> others = {});

}  // namespace boltzkit::binding
