// One asynchronous call: a task, the thread it runs on, and the promise it settles. All members but the thread's body belong to
// the environment's thread.
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
  // `around` runs a function with the machine's resources (Backend::run).
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

  // Reports progress; once the work is over also settles the promise, after calling `over`.
  void advance(const std::function<void()>& over);
  // Cancels, waits and rejects the promise with ABORTED, even if the work came to its end meanwhile.
  void abandon();

 private:
  void work() noexcept;
  void threadBody() noexcept;
  void settle();

  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Task> task_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> finished_{false};  // set last by the thread: what it wrote before is then visible
  bool settled_ = false;
  Failure failure_;
  Around around_;
  Wake wake_;
  std::thread thread_;
};

}  // namespace boltzkit::binding
