// Failures reach JavaScript as an Error with a `code` (NativeErrorCode in src/machine/native.ts). A
// failure on a job's thread is passed on as a plain Failure; no exception crosses threads.
#pragma once
#include <exception>
#include <stdexcept>
#include <string>

#include "binding/node.hpp"
#include "core/error.hpp"

namespace boltzkit::binding {

struct Failure {
  const char* code = nullptr;  // null: none
  std::string message;
  const char* reason = nullptr;  // of code BACKEND: a BackendReason of src/errors.ts
};

// Thrown for a call that the object's current state does not allow.
class StateError : public std::runtime_error {
 public:
  StateError(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const noexcept { return code_; }

 private:
  const char* code_;
};

StateError busyError(const std::string& message);
StateError disposedError(const char* noun);

// Describes the exception being handled. Call it inside a catch block.
Failure currentFailure() noexcept;

Napi::Error toJavaScript(Napi::Env env, const Failure& failure);

// Turns the exception being handled into a pending JavaScript exception. Call it inside a catch
// block.
void throwCurrent(napi_env env) noexcept;

// Runs f. Any exception becomes a pending JavaScript exception.
template <class F>
napi_value guarded(napi_env env, F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    throwCurrent(env);
    return nullptr;
  }
}

}  // namespace boltzkit::binding
