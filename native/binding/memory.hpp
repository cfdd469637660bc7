// Reports to V8 the memory that an object holds outside of its heap, so that garbage collection
// runs in time. Reports in coarse steps, because each report may start a collection.
#pragma once
#include <cstdint>

#include "binding/node.hpp"

namespace boltzkit::binding {

class ExternalMemory {
 public:
  explicit ExternalMemory(napi_env env) : env_(env) {}
  ~ExternalMemory() { set(0); }
  ExternalMemory(const ExternalMemory&) = delete;
  ExternalMemory& operator=(const ExternalMemory&) = delete;

  void set(std::size_t bytes) {
    const std::int64_t change = static_cast<std::int64_t>(bytes) - reported_;
    if (bytes != 0 && change < step && change > -step) return;
    if (change == 0) return;
    std::int64_t total = 0;
    if (napi_adjust_external_memory(env_, change, &total) == napi_ok) reported_ += change;
  }

 private:
  static constexpr std::int64_t step = 1 << 20;

  napi_env env_;
  std::int64_t reported_ = 0;
};

}  // namespace boltzkit::binding
