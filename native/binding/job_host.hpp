// The running jobs of one environment, and their way back to its thread.
//
// One thread-safe function serves all jobs and lives as long as the environment. Node destroys
// thread-safe functions when an environment is torn down. A thread that still calls one then ends
// the process (nodejs/node issues 55706, 58484, 65100). Clean-up hooks run in reverse order of
// registration. So the hook that cancels and joins all jobs is registered after the function was
// created, and runs before Node's own hook destroys it.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "binding/job.hpp"

namespace boltzkit::binding {

class JobHost {
 public:
  explicit JobHost(Napi::Env env);
  ~JobHost();
  JobHost(const JobHost&) = delete;
  JobHost& operator=(const JobHost&) = delete;

  // Starts the job on a thread. Keeps the job and the event loop alive until the promise is
  // settled. When the work is over, calls `over` on the environment's thread before the promise
  // settles.
  void start(std::shared_ptr<Job> job, Job::Around around, std::function<void()> over);
  void abandon(const std::shared_ptr<Job>& job);

 private:
  struct Entry {
    std::shared_ptr<Job> job;
    std::function<void()> over;
  };

  void wake();
  void advance();
  void forgetSettled();
  void close();
  static void onWake(napi_env env, napi_value, void* host, void*);
  static void onCleanup(void* host);

  napi_env env_;
  napi_threadsafe_function function_ = nullptr;
  std::atomic<bool> woken_{false};  // a call of the function is queued
  std::vector<Entry> entries_;
  bool closed_ = false;
};

}  // namespace boltzkit::binding
