#include "binding/start_job.hpp"

#include "binding/instance.hpp"

namespace boltzkit::binding {
namespace {

Napi::Object jobObject(Napi::Env env, const std::shared_ptr<Job>& job) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("promise", job->promise());
  const auto cancel = [job = std::weak_ptr<Job>(job)](const Napi::CallbackInfo&) {
    if (const std::shared_ptr<Job> running = job.lock()) running->cancel();
  };
  object.Set("cancel", Napi::Function::New(env, cancel, "cancel"));
  const auto progress = [fraction = job->progress()](const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), fraction->load(std::memory_order_relaxed));
  };
  object.Set("progress", Napi::Function::New(env, progress, "progress"));
  return object;
}

}  // namespace

StartedJob startJob(Napi::Env env, std::shared_ptr<Task> task, Job::Around around, std::function<void()> over) {
  auto job = std::make_shared<Job>(env, std::move(task));
  const Napi::Object object = jobObject(env, job);
  Instance::of(env).jobs.start(job, std::move(around), std::move(over));
  return {job, object};
}

Napi::Value startJob(Napi::Env env, std::shared_ptr<Task> task) {
  return startJob(
             env, std::move(task), [](const std::function<void()>& body) { body(); }, [] {})
      .object;
}

}  // namespace boltzkit::binding
