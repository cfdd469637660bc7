// The work of one job, split into parts that run on different threads.
#pragma once
#include <functional>

#include "binding/node.hpp"
#include "sampling/inference.hpp"

namespace boltzkit::binding {

using Wake = std::function<void()>;

// Created and destroyed on the environment's thread. Owns all that the work needs, so that the
// JavaScript objects it came from may be collected meanwhile.
class Task {
 public:
  virtual ~Task() = default;
  // Runs on the job's thread and uses no JavaScript. Calls `wake` when report() has news.
  virtual void run(const Cancelled& cancelled, const Wake& wake) = 0;
  // Runs on the environment's thread, any number of times during run() and once after it.
  virtual void report(Napi::Env) {}
  // Runs on the environment's thread after run() has returned. Returns the value of the promise.
  virtual Napi::Value result(Napi::Env env) = 0;
};

}  // namespace boltzkit::binding
