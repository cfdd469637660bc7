// Classes that JavaScript sees. Node-API checks the receiver of a method but not that of a getter, nor any object given as an
// argument, so every object carries its class's tag and is unwrapped only after a look at it.
#pragma once
#include <string>

#include "binding/arguments.hpp"
#include "binding/errors.hpp"

namespace boltzkit::binding {

// The object's native side, or null if T's constructor did not make it. T::tag is the class's napi_type_tag.
template <class T>
T* unwrapped(Napi::Value value) {
  bool ours = false;
  if (!value.IsObject() || napi_check_object_type_tag(value.Env(), value, &T::tag, &ours) != napi_ok || !ours) return nullptr;
  return T::Unwrap(value.As<Napi::Object>());
}

template <class T>
T& unwrap(const Argument& argument) {
  if (T* object = unwrapped<T>(argument.value())) return *object;
  argument.refuse("a native " + std::string(T::className) + " object");
}

template <class T>
void tagObject(const Napi::CallbackInfo& info) {
  if (napi_type_tag_object(info.Env(), info.This(), &T::tag) != napi_ok) throw Napi::Error::New(info.Env());
}

template <class T, Napi::Value (T::*member)(const Napi::CallbackInfo&)>
napi_value invoke(napi_env env, napi_callback_info raw) {
  return guarded(env, [&]() -> napi_value {
    Napi::CallbackInfo info(env, raw);
    return (unwrap<T>(Argument(info.This(), "this")).*member)(info);
  });
}

template <class T, Napi::Value (T::*member)(const Napi::CallbackInfo&)>
napi_property_descriptor method(const char* name) {
  return {name, nullptr, invoke<T, member>, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

template <class T, Napi::Value (T::*member)(const Napi::CallbackInfo&)>
napi_property_descriptor getter(const char* name) {
  return {name, nullptr, nullptr, invoke<T, member>, nullptr, nullptr, napi_configurable, nullptr};
}

// A constructor's body. What it throws is made a pending JavaScript exception here, and leaves as an empty Napi::Error: ObjectWrap's caller
// would throw a full one once more, and end the process where a worker that is being terminated has an exception already.
template <class F>
void constructing(Napi::Env env, F&& body) {
  try {
    body();
  } catch (...) {
    throwCurrent(env);
    throw Napi::Error(env, nullptr);
  }
}

}  // namespace boltzkit::binding
