// The work of one job, in the halves that run on different threads.
#pragma once
#include <functional>

#include "binding/node.hpp"
#include "sampling/inference.hpp"

namespace boltzkit::binding {

using Wake = std::function<void()>;

// Made and destroyed on the environment's thread. It owns all that the work needs, so that the JavaScript objects it came from may
// be collected meanwhile.
class Task {
 public:
  virtual ~Task() = default;
  // On the job's thread; touches no JavaScript. Calls `wake` when report() has something to say.
  virtual void run(const Cancelled& cancelled, const Wake& wake) = 0;
  // On the environment's thread, any number of times while run() goes on and once after it.
  virtual void report(Napi::Env) {}
  // On the environment's thread, after run() returned: what the promise resolves to.
  virtual Napi::Value result(Napi::Env env) = 0;
};

}  // namespace boltzkit::binding
