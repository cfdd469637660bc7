// Lets work deep inside a job end early, between two sweeps, without a flag handed through every function on the way.
#pragma once
#include <atomic>

#include "core/error.hpp"

namespace boltzkit {

class Interruptible {
 public:
  // As long as this lives, `poll` on this thread throws Error{aborted} once the flag is set.
  explicit Interruptible(const std::atomic<bool>& cancelled) : before_(current_) { current_ = &cancelled; }
  ~Interruptible() { current_ = before_; }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  static void poll() {
    if (current_ && current_->load(std::memory_order_relaxed)) throw Error(ErrorCode::aborted, "the job was cancelled");
  }

 private:
  inline static thread_local const std::atomic<bool>* current_ = nullptr;
  const std::atomic<bool>* before_;
};

}  // namespace boltzkit
