// NativeNetwork: the JavaScript object of a feed-forward network.
#pragma once
#include "binding/model_handle.hpp"
#include "binding/object.hpp"
#include "network/network.hpp"

namespace boltzkit::binding {

struct NetworkHandle final : HandleOf<Network> {
  using HandleOf<Network>::HandleOf;
};

class NetworkObject {
 public:
  static constexpr const char* className = "Network";
  static constexpr napi_type_tag tag{0x9c3df0a1475be826ull, 0xa8e61b7c02d95f34ull};
  static Napi::Function define(Napi::Env env);

  explicit NetworkObject(const Napi::CallbackInfo& info);

 private:
  // network.cpp
  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value getParameter(const Napi::CallbackInfo& info);
  Napi::Value setParameter(const Napi::CallbackInfo& info);
  Napi::Value getCounters(const Napi::CallbackInfo& info);
  Napi::Value setCounters(const Napi::CallbackInfo& info);
  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value score(const Napi::CallbackInfo& info);
  Napi::Value inputGradient(const Napi::CallbackInfo& info);
  Napi::Value passesAtOnce(const Napi::CallbackInfo& info);
  Napi::Value busy(const Napi::CallbackInfo& info);
  Napi::Value disposed(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  // network_trainer.cpp
  Napi::Value trainer(const Napi::CallbackInfo& info);

  std::shared_ptr<NetworkHandle> handle_;
};

}  // namespace boltzkit::binding
