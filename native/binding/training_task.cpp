#include "binding/training_task.hpp"

#include "binding/convert_run.hpp"

namespace boltzkit::binding {

TrainingTask::TrainingTask(std::shared_ptr<TrainerParts> parts, std::uint64_t untilStep, Napi::Function onProgress)
    : parts_(std::move(parts)), untilStep_(untilStep), onProgress_(Napi::Persistent(onProgress)) {}

void TrainingTask::run(const Cancelled& cancelled, const Wake& wake) {
  try {
    parts_->trainer->run(
        untilStep_, cancelled, [&](const EpochReport& report) { epochDone(report, wake); },
        [&](std::uint64_t step) { stepDone(step, wake); });
  } catch (...) {
    // The step may differ from the last report: an explosion is detected after its update, and a
    // good state lies before it.
    parts_->step.store(parts_->trainer->step(), std::memory_order_relaxed);
    throw;
  }
}

void TrainingTask::stepDone(std::uint64_t step, const Wake& wake) {
  parts_->step.store(step, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    news_ = true;
  }
  const Clock::time_point now = Clock::now();
  // The next report includes this step, at the latest the one after the end of the run.
  if (now - lastWake_ < stepInterval) return;
  lastWake_ = now;
  wake();
}

void TrainingTask::epochDone(const EpochReport& report, const Wake& wake) {
  {
    const std::lock_guard lock(mutex_);
    epochs_.push_back(report);
    news_ = true;
  }
  wake();
}

void TrainingTask::report(Napi::Env env) {
  std::vector<EpochReport> epochs;
  {
    const std::lock_guard lock(mutex_);
    if (!news_) return;
    news_ = false;
    epochs.swap(epochs_);
  }
  const Napi::HandleScope scope(env);
  Napi::Array list = Napi::Array::New(env, epochs.size());
  for (std::uint32_t i = 0; i < epochs.size(); ++i) list.Set(i, epochReportObject(env, epochs[i]));
  const Napi::Number step = Napi::Number::New(env, static_cast<double>(parts_->step.load(std::memory_order_relaxed)));
  // Has no asynchronous context: the caller bound its function to one. Ending a context of this side
  // takes a handle, and Deno ends the process if that happens while a worker is torn down.
  // Does not use Napi::Function. A worker that is terminated within the callback leaves an
  // exception that is not an object, and making a Napi::Error of it aborts the process.
  const napi_value arguments[] = {step, list};
  napi_value ignored = nullptr, thrown = nullptr;
  if (napi_make_callback(env, nullptr, env.Global(), onProgress_.Value(), 2, arguments, &ignored) != napi_pending_exception) return;
  if (napi_get_and_clear_last_exception(env, &thrown) == napi_ok)
    napi_fatal_exception(env, thrown);  // becomes an uncaughtException; the run continues
}

Napi::Value TrainingTask::result(Napi::Env env) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("step", Napi::Number::New(env, static_cast<double>(parts_->trainer->step())));
  return result;
}

}  // namespace boltzkit::binding
