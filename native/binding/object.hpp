// Classes exposed to JavaScript. Node-API checks the receiver of a method, but neither that of a
// getter nor objects passed as arguments. So every object carries the tag of its class, which is
// checked before the object is unwrapped.
//
// Every entry from JavaScript, including constructors, goes through guarded(). Napi::ObjectWrap is
// not used: it ends the process if an object is made in a worker that is being terminated, where
// both wrapping and throwing fail.
#pragma once
#include <initializer_list>
#include <memory>
#include <string>

#include "binding/arguments.hpp"
#include "binding/errors.hpp"

namespace boltzkit::binding {

// The native object, or null if T's constructor did not make it. T::tag is the napi_type_tag of the
// class.
template <class T>
T* unwrapped(Napi::Value value) {
  bool ours = false;
  void* object = nullptr;
  if (!value.IsObject() || napi_check_object_type_tag(value.Env(), value, &T::tag, &ours) != napi_ok || !ours) return nullptr;
  return napi_unwrap(value.Env(), value, &object) == napi_ok ? static_cast<T*>(object) : nullptr;
}

template <class T>
T& unwrap(const Argument& argument) {
  if (T* object = unwrapped<T>(argument.value())) return *object;
  argument.refuse("a native " + std::string(T::className) + " object");
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

// JavaScript's `new`: creates T(info), which lives until the JavaScript object is collected.
template <class T>
napi_value construct(napi_env env, napi_callback_info raw) {
  return guarded(env, [&]() -> napi_value {
    const Napi::CallbackInfo info(env, raw);
    if (!info.IsConstructCall()) throw Napi::TypeError::New(env, std::string(T::className) + " is a class: call it with new");
    auto object = std::make_unique<T>(info);
    const auto finalise = [](napi_env, void* data, void*) { delete static_cast<T*>(data); };
    if (napi_type_tag_object(env, info.This(), &T::tag) != napi_ok ||
        napi_wrap(env, info.This(), object.get(), finalise, nullptr, nullptr) != napi_ok)
      throw Napi::Error::New(env);
    object.release();
    return info.This();
  });
}

template <class T>
Napi::Function defineClass(Napi::Env env, std::initializer_list<napi_property_descriptor> members) {
  napi_value result = nullptr;
  if (napi_define_class(env, T::className, NAPI_AUTO_LENGTH, construct<T>, nullptr, members.size(), members.begin(), &result) != napi_ok)
    throw Napi::Error::New(env);
  return {env, result};
}

}  // namespace boltzkit::binding
