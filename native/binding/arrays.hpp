// Typed arrays for results.
#pragma once
#include <span>

#include "binding/arguments.hpp"
#include "binding/instance.hpp"

namespace boltzkit::binding {

template <class T>
Napi::FunctionReference& arrayConstructor(Napi::Env env);
template <>
inline Napi::FunctionReference& arrayConstructor<float>(Napi::Env env) {
  return Instance::of(env).float32Array;
}
template <>
inline Napi::FunctionReference& arrayConstructor<double>(Napi::Env env) {
  return Instance::of(env).float64Array;
}

// Creates a Float32Array or Float64Array. Uses JavaScript's constructor, which throws if memory
// runs out; Node-API would end the process.
template <class T>
Argument newArray(Napi::Env env, std::size_t length) {
  try {
    return {arrayConstructor<T>(env).New({Napi::Number::New(env, static_cast<double>(length))}), "result"};
  } catch (const Napi::Error&) {
    throw parameterError("a result of " + std::to_string(length) + " numbers does not fit in memory");
  }
}

// A result array that a job's thread fills. Nothing else can access it before the promise resolves,
// so its memory does not move. The environment's thread need not copy it.
template <class T>
class ResultArray {
 public:
  ResultArray(Napi::Env env, std::size_t length) {
    const Argument array = newArray<T>(env, length);
    values_ = array.view<T>();
    if (values_.size() != length) throw Error(ErrorCode::internal, "a typed array came out with another length");
    array_ = Napi::Persistent(array.object());
  }
  std::span<T> values() const { return values_; }
  Napi::Value value() const { return array_.Value(); }

 private:
  Napi::ObjectReference array_;
  std::span<T> values_;
};

}  // namespace boltzkit::binding
