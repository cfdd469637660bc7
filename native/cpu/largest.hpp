// The largest of the values that several threads find.
#pragma once
#include <atomic>

namespace boltzkit::cpu {

inline void raise(std::atomic<float>& largest, float value) {
  float seen = largest.load(std::memory_order_relaxed);
  while (value > seen && !largest.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace boltzkit::cpu
