#include "binding/machine_handle.hpp"

#include "binding/start_job.hpp"

namespace boltzkit::binding {

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
  const auto around = [kept = machine](const std::function<void()>& body) { kept->backend().run(body); };
  const auto over = [kept = shared_from_this()] { kept->job.reset(); };
  const StartedJob started = startJob(env, std::move(task), around, over);
  job = started.job;
  return started.object;
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
