// One asynchronous call: a task, its thread, and the promise that it settles. All members but the
// thread's body must be used on the environment's thread.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "binding/errors.hpp"
#include "binding/task.hpp"
#include "core/progress.hpp"

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

  // How far the work is; may be read after the job is gone. 1 once the work has succeeded.
  std::shared_ptr<const Fraction> progress() const { return progress_; }

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
  std::shared_ptr<Fraction> progress_ = std::make_shared<Fraction>(0.0);
  bool settled_ = false;
  Failure failure_;
  Around around_;
  Wake wake_;
  std::thread thread_;
};

}  // namespace boltzkit::binding
