#include "binding/errors.hpp"

#include <new>
#include <system_error>

namespace boltzkit::binding {
namespace {

const char* codeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::shape:
      return "SHAPE";
    case ErrorCode::parameter:
      return "PARAMETER";
    case ErrorCode::backend:
      return "BACKEND";
    case ErrorCode::divergence:
      return "DIVERGENCE";
    case ErrorCode::aborted:
      return "ABORTED";
    case ErrorCode::internal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

const char* reasonName(BackendReason reason) {
  switch (reason) {
    case BackendReason::packageMissing:
      return "package_missing";
    case BackendReason::driverMissing:
      return "driver_missing";
    case BackendReason::driverTooOld:
      return "driver_too_old";
    case BackendReason::noDevice:
      return "no_device";
    case BackendReason::archUnsupported:
      return "arch_unsupported";
    case BackendReason::abiMismatch:
      return "abi_mismatch";
    case BackendReason::outOfMemory:
      return "out_of_memory";
    case BackendReason::deviceFailed:
      return "device_failed";
  }
  return "device_failed";
}

constexpr const char* outOfMemory = "not enough memory for arrays of these sizes";

Failure classify() {
  try {
    throw;
  } catch (const BackendError& error) {
    return {codeName(error.code()), error.what(), reasonName(error.reason())};
  } catch (const Error& error) {
    return {codeName(error.code()), error.what()};
  } catch (const StateError& error) {
    return {error.code(), error.what()};
  } catch (const std::bad_alloc&) {
    return {"PARAMETER", outOfMemory};
  } catch (const std::length_error&) {  // a container would exceed the address space
    return {"PARAMETER", outOfMemory};
  } catch (const std::system_error& error) {
    return {"INTERNAL", std::string("the operating system refused: ") + error.what()};
  } catch (const std::exception& error) {
    return {"INTERNAL", error.what()};
  } catch (...) {
    return {"INTERNAL", "unknown native exception"};
  }
}

}  // namespace

StateError busyError(const std::string& message) { return {"BUSY", message}; }
StateError disposedError(const char* noun) { return {"DISPOSED", std::string("the ") + noun + " was disposed of"}; }

Failure currentFailure() noexcept {
  try {
    return classify();
  } catch (...) {  // no memory left for the message
    Failure failure;
    failure.code = "INTERNAL";
    return failure;
  }
}

Napi::Error toJavaScript(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  if (failure.reason) error.Set("reason", Napi::String::New(env, failure.reason));
  return error;
}

void throwCurrent(napi_env env) noexcept {
  try {
    try {
      throw;
    } catch (const Napi::Error& error) {
      error.ThrowAsJavaScriptException();
    } catch (...) {
      toJavaScript(env, currentFailure()).ThrowAsJavaScriptException();
    }
  } catch (...) {
    // The environment is shutting down and accepts no exceptions. The call returns undefined to
    // code that no longer runs.
  }
}

}  // namespace boltzkit::binding
