// The one error type of the native code; the binding turns it into the JavaScript class named by its code.
#pragma once
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

inline Error shapeError(const std::string& message) { return {ErrorCode::shape, message}; }
inline Error parameterError(const std::string& message) { return {ErrorCode::parameter, message}; }

}  // namespace boltzkit
