// Starts a job that belongs to no machine, or to one.
#pragma once
#include <memory>

#include "binding/job.hpp"

namespace boltzkit::binding {

struct StartedJob {
  std::shared_ptr<Job> job;
  Napi::Object object;  // JavaScript's { promise, cancel, progress }
};

// `around` runs the task's body with what it needs; `over` is called on the environment's thread when
// the work is over, before the promise settles.
StartedJob startJob(Napi::Env env, std::shared_ptr<Task> task, Job::Around around, std::function<void()> over);

// The same for work that needs nothing around it. Keeps the task, and all it owns, until it is over.
Napi::Value startJob(Napi::Env env, std::shared_ptr<Task> task);

}  // namespace boltzkit::binding
