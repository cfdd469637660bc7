// How a job ends early: a flag that the job polls between chunks, sweeps or updates.
// `Interruptible` makes the flag reachable without passing it through every function.
#pragma once
#include <atomic>

#include "core/error.hpp"

namespace boltzkit {

using Cancelled = std::atomic<bool>;
// Throws Error{aborted} if the flag is set.
inline void throwIfCancelled(const Cancelled& cancelled) {
  if (cancelled.load(std::memory_order_relaxed)) throw Error(ErrorCode::aborted, "the job was cancelled");
}

class Interruptible {
 public:
  // During the lifetime of this object, `poll` on this thread throws Error{aborted} once the flag
  // is set.
  explicit Interruptible(const Cancelled& cancelled) : before_(current_) { current_ = &cancelled; }
  ~Interruptible() { current_ = before_; }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  static void poll() {
    if (current_) throwIfCancelled(*current_);
  }

 private:
  inline static thread_local const Cancelled* current_ = nullptr;
  const Cancelled* before_;
};

}  // namespace boltzkit
