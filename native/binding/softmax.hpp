// NativeSoftmaxMachine and NativeSoftmaxTrainer: the restricted Boltzmann machine over rated entries.
#pragma once
#include <memory>

#include "binding/memory.hpp"
#include "binding/object.hpp"
#include "ratings/softmax_trainer.hpp"

namespace boltzkit::binding {

class SoftmaxMachineObject {
 public:
  static constexpr const char* className = "SoftmaxMachine";
  static constexpr napi_type_tag tag{0x5b0c7d41e29f8a36ull, 0xa41d3f9c06e7b852ull};
  static Napi::Function define(Napi::Env env);

  explicit SoftmaxMachineObject(const Napi::CallbackInfo& info);

  const std::shared_ptr<const ratings::SoftmaxMachine>& machine() const { return machine_; }

 private:
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value fields(const Napi::CallbackInfo& info);
  Napi::Value fieldsNow(const Napi::CallbackInfo& info);
  Napi::Value scores(const Napi::CallbackInfo& info);
  Napi::Value probabilities(const Napi::CallbackInfo& info);

  // Never changes, so that jobs may share it.
  std::shared_ptr<const ratings::SoftmaxMachine> machine_;
  ExternalMemory memory_;
};

class SoftmaxTrainerObject {
 public:
  static constexpr const char* className = "SoftmaxTrainer";
  static constexpr napi_type_tag tag{0xc93e2a7f5d104b68ull, 0x17e6b8d4f0a25c93ull};
  static Napi::Function define(Napi::Env env);

  explicit SoftmaxTrainerObject(const Napi::CallbackInfo& info);

 private:
  struct Shared;  // with the job that runs

  ratings::SoftmaxTrainer& idle() const;  // throws BUSY
  Napi::Value epoch(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value adopt(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value state(const Napi::CallbackInfo& info);
  Napi::Value restore(const Napi::CallbackInfo& info);

  std::shared_ptr<Shared> shared_;
  ExternalMemory memory_;
};

}  // namespace boltzkit::binding
