// The one error type of the native code. The binding turns it into the JavaScript class that
// belongs to its code.
#pragma once
#include <charconv>
#include <stdexcept>
#include <string>

namespace boltzkit {

enum class ErrorCode { shape, parameter, backend, divergence, aborted, internal };

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// Why a device cannot be used, or can be used no longer.
enum class BackendReason { packageMissing, driverMissing, driverTooOld, noDevice, archUnsupported, abiMismatch, outOfMemory, deviceFailed };

class BackendError : public Error {
 public:
  BackendError(BackendReason reason, const std::string& message) : Error(ErrorCode::backend, message), reason_(reason) {}
  BackendReason reason() const noexcept { return reason_; }

 private:
  BackendReason reason_;
};

// Shortest decimal form that reads back as the same double; used in messages.
inline std::string decimal(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

inline Error shapeError(const std::string& message) { return {ErrorCode::shape, message}; }
inline Error parameterError(const std::string& message) { return {ErrorCode::parameter, message}; }

}  // namespace boltzkit
