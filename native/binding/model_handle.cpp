#include "binding/model_handle.hpp"

#include <string>

#include "binding/start_job.hpp"

namespace boltzkit::binding {

void TrainerParts::free() {
  trainer.reset();
  models.clear();
  memory.set(0);
}

void ModelHandle::requirePresent() const {
  if (disposed()) throw disposedError(noun);
}

void ModelHandle::requireIdle() const {
  requirePresent();
  if (busy()) throw busyError(std::string("the ") + noun + " is in the middle of another job");
}

Napi::Value ModelHandle::start(Napi::Env env, std::shared_ptr<Task> task, bool here,
                               const std::vector<std::shared_ptr<ModelHandle>>& others) {
  if (here) {
    task->run(Cancelled(false), [] {});
    return task->result(env);
  }
  const auto around = [kept = backend](const std::function<void()>& body) { kept->run(body); };
  const auto over = [kept = shared_from_this(), others] {
    kept->job.reset();
    for (const std::shared_ptr<ModelHandle>& other : others) other->job.reset();
  };
  const StartedJob started = startJob(env, std::move(task), around, over);
  job = started.job;
  for (const std::shared_ptr<ModelHandle>& other : others) other->job = started.job;
  return started.object;
}

void ModelHandle::adopt(const std::shared_ptr<TrainerParts>& trainer) {
  std::erase_if(trainers, [](const std::weak_ptr<TrainerParts>& other) { return other.expired(); });
  trainers.push_back(trainer);
}

void ModelHandle::dispose(Napi::Env env) {
  if (const std::shared_ptr<Job> running = job.lock()) Instance::of(env).jobs.abandon(running);
  job.reset();
  for (const std::weak_ptr<TrainerParts>& other : trainers)
    if (const std::shared_ptr<TrainerParts> trainer = other.lock()) trainer->free();
  trainers.clear();
  release();
  backend.reset();
  memory.set(0);
}

}  // namespace boltzkit::binding
