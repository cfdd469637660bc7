// NativeMachine: the JavaScript object of a machine.
#pragma once
#include "binding/machine_handle.hpp"
#include "binding/object.hpp"

namespace boltzkit::binding {

class MachineObject {
 public:
  static constexpr const char* className = "Machine";
  static constexpr napi_type_tag tag{0x51c7e0b92d864fa3ull, 0xbe9240d7318a6cf5ull};
  static Napi::Function define(Napi::Env env);

  explicit MachineObject(const Napi::CallbackInfo& info);

  // A copy of the machine as it is now. Throws DISPOSED, or BUSY with this name.
  std::shared_ptr<Machine> copy(const std::string& name) const;
  const std::shared_ptr<MachineHandle>& handle() const { return handle_; }

 private:
  // machine.cpp
  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value getParameter(const Napi::CallbackInfo& info);
  Napi::Value setParameter(const Napi::CallbackInfo& info);
  Napi::Value getCounters(const Napi::CallbackInfo& info);
  Napi::Value setCounters(const Napi::CallbackInfo& info);
  Napi::Value domain(const Napi::CallbackInfo& info);
  Napi::Value passesAtOnce(const Napi::CallbackInfo& info);
  Napi::Value busy(const Napi::CallbackInfo& info);
  Napi::Value disposed(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  // machine_jobs.cpp
  Napi::Value conditional(const Napi::CallbackInfo& info);
  Napi::Value categoryProbabilities(const Napi::CallbackInfo& info);
  Napi::Value reconstruct(const Napi::CallbackInfo& info);
  Napi::Value energy(const Napi::CallbackInfo& info);
  Napi::Value freeEnergy(const Napi::CallbackInfo& info);
  Napi::Value meanField(const Napi::CallbackInfo& info);
  Napi::Value meanFieldBound(const Napi::CallbackInfo& info);
  Napi::Value pseudoLikelihood(const Napi::CallbackInfo& info);
  Napi::Value placeSurprise(const Napi::CallbackInfo& info);
  Napi::Value impute(const Napi::CallbackInfo& info);
  Napi::Value chains(const Napi::CallbackInfo& info);
  // evaluation.cpp
  Napi::Value partition(const Napi::CallbackInfo& info);
  Napi::Value lengthSums(const Napi::CallbackInfo& info);
  Napi::Value rowSums(const Napi::CallbackInfo& info);
  // trainer.cpp
  Napi::Value trainer(const Napi::CallbackInfo& info);
  // up_down.cpp
  Napi::Value upDownTrainer(const Napi::CallbackInfo& info);
  Napi::Value beliefBound(const Napi::CallbackInfo& info);

  // The machine, for reading arguments. It stays alive even if reading them runs code that disposes
  // of it. Throws DISPOSED if it already has been.
  std::shared_ptr<Machine> present() const;

  std::shared_ptr<MachineHandle> handle_;
};

}  // namespace boltzkit::binding
