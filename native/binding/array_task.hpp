// Tasks of a model that fill one array of known length.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "binding/arrays.hpp"
#include "binding/model_handle.hpp"
#include "binding/task.hpp"

namespace boltzkit::binding {

template <class T>
using Fill = std::function<void(const Cancelled&, std::span<T> out)>;

// A task that fills one array of known length.
template <class T>
class ArrayTask : public Task {
 public:
  ArrayTask(Napi::Env env, std::size_t length, Fill<T> fill) : result_(env, length), fill_(std::move(fill)) {}

  void run(const Cancelled& cancelled, const Wake&) override { fill_(cancelled, result_.values()); }
  Napi::Value result(Napi::Env) override { return result_.value(); }

 private:
  ResultArray<T> result_;
  Fill<T> fill_;
};

// True if the caller wants the result synchronously, regardless of the amount of work.
inline bool nowOf(const Napi::CallbackInfo& info, std::size_t index) {
  const Argument now(info, index, "now");
  return now.given() && now.flag();
}

// Fills an array: synchronously if `here`, else in a job.
template <class T, class F>
Napi::Value fillArray(Napi::Env env, ModelHandle& handle, std::size_t length, bool here, F&& fill) {
  handle.requireIdle();
  if (!here) return handle.start(env, std::make_shared<ArrayTask<T>>(env, length, std::forward<F>(fill)), false);
  const Argument array = newArray<T>(env, length);
  fill(Cancelled(false), array.view<T>());
  return array.value();
}

}  // namespace boltzkit::binding
