// One asynchronous call: a task, its thread, and the promise that it settles. All members but the
// thread's body must be used on the environment's thread.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "binding/errors.hpp"
#include "binding/task.hpp"

namespace boltzkit::binding {

class Job {
 public:
  // Runs a function with the machine's resources (Backend::run).
  using Around = std::function<void(const std::function<void()>&)>;

  Job(Napi::Env env, std::shared_ptr<Task> task);
  ~Job();  // cancels and waits
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  Napi::Promise promise() const { return deferred_.Promise(); }
  bool settled() const { return settled_; }

  void start(Around around, Wake wake);
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  void join();

  // Reports progress. Once the work is over, calls `over` and settles the promise.
  void advance(const std::function<void()>& over);
  // Cancels, waits and rejects the promise with ABORTED, even if the work has finished meanwhile.
  void abandon();

 private:
  void work() noexcept;
  void threadBody() noexcept;
  void settle();

  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Task> task_;
  std::atomic<bool> cancelled_{false};
  // The thread sets this last (release), so all that it wrote is visible to a reader.
  std::atomic<bool> finished_{false};
  bool settled_ = false;
  Failure failure_;
  Around around_;
  Wake wake_;
  std::thread thread_;
};

}  // namespace boltzkit::binding
