#include "binding/machine_handle.hpp"

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

void TrainerParts::free() {
  trainer.reset();
  machine.reset();
  memory.set(0);
}

Machine& MachineHandle::idle() const {
  if (disposed()) throw disposedError();
  if (busy()) throw busyError("the machine is in the middle of another job");
  return *machine;
}

Napi::Value MachineHandle::start(Napi::Env env, std::shared_ptr<Task> task, bool here) {
  if (here) {
    task->run(Cancelled(false), [] {});
    return task->result(env);
  }
  auto started = std::make_shared<Job>(env, std::move(task));
  const Napi::Object object = jobObject(env, started);
  const auto around = [kept = machine](const std::function<void()>& body) { kept->backend().run(body); };
  const auto over = [kept = shared_from_this()] { kept->job.reset(); };
  Instance::of(env).jobs.start(started, around, over);
  job = started;
  return object;
}

void MachineHandle::adopt(const std::shared_ptr<TrainerParts>& trainer) {
  std::erase_if(trainers, [](const std::weak_ptr<TrainerParts>& other) { return other.expired(); });
  trainers.push_back(trainer);
}

void MachineHandle::dispose(Napi::Env env) {
  if (const std::shared_ptr<Job> running = job.lock()) Instance::of(env).jobs.abandon(running);
  job.reset();
  for (const std::weak_ptr<TrainerParts>& other : trainers)
    if (const std::shared_ptr<TrainerParts> trainer = other.lock()) trainer->free();
  trainers.clear();
  inference.reset();
  machine.reset();
  memory.set(0);
}

}  // namespace boltzkit::binding
