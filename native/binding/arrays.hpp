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

// A new Float32Array or Float64Array. Made by JavaScript's constructor, which throws when memory is short where Node-API would
// end the process.
template <class T>
Argument newArray(Napi::Env env, std::size_t length) {
  try {
    return {arrayConstructor<T>(env).New({Napi::Number::New(env, static_cast<double>(length))}), "result"};
  } catch (const Napi::Error&) {
    throw parameterError("a result of " + std::to_string(length) + " numbers does not fit in memory");
  }
}

// A result array that a job's thread fills: nothing else has access to it before the promise hands it out, so its memory stays
// where it is, and the environment's thread is spared the copying.
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
