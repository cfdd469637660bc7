// State shared by the JavaScript objects of one model: the model, its running job and its trainers.
// Used only on the environment's thread; a job's thread sees only what its task owns.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "binding/errors.hpp"
#include "binding/instance.hpp"
#include "binding/memory.hpp"
#include "learning/trainer.hpp"

namespace boltzkit::binding {

struct ModelHandle;

// A trainer with all that must outlive it. `step` follows the run and may be read while another
// thread trains.
struct TrainerParts {
  explicit TrainerParts(napi_env env) : memory(env) {}
  void free();

  std::shared_ptr<ModelHandle> handle;
  // Other models that a run changes. They are busy while it runs, and disposing of one ends it.
  std::vector<std::shared_ptr<ModelHandle>> others;
  std::vector<std::shared_ptr<void>> models;  // all that the trainer works on
  std::unique_ptr<Trainer> trainer;           // destroyed before them
  std::uint64_t totalSteps = 0, stepsPerEpoch = 0;
  std::atomic<std::uint64_t> step{0};
  ExternalMemory memory;
};

// What does not depend on the kind of model. `noun` names it in messages.
struct ModelHandle : std::enable_shared_from_this<ModelHandle> {
  ModelHandle(napi_env env, const char* what, std::shared_ptr<Backend> device) : noun(what), backend(std::move(device)), memory(env) {}
  virtual ~ModelHandle() = default;

  bool disposed() const { return backend == nullptr; }
  bool busy() const { return !job.expired(); }
  void requirePresent() const;  // throws DISPOSED
  void requireIdle() const;     // throws DISPOSED or BUSY

  // If `here`, runs the task on this thread and returns its result. Otherwise starts a job and
  // returns JavaScript's { promise, cancel, progress }. The job is that of the others too.
  Napi::Value start(Napi::Env env, std::shared_ptr<Task> task, bool here, const std::vector<std::shared_ptr<ModelHandle>>& others = {});
  void dispose(Napi::Env env);
  void adopt(const std::shared_ptr<TrainerParts>& trainer);

  const char* noun;
  std::shared_ptr<Backend> backend;  // null once disposed of
  std::weak_ptr<Job> job;            // the running job
  std::vector<std::weak_ptr<TrainerParts>> trainers;
  ExternalMemory memory;

 protected:
  virtual void release() = 0;  // frees the model
};

// A handle with its model, which is null once disposed of.
template <class Model>
struct HandleOf : ModelHandle {
  using ModelHandle::ModelHandle;
  Model& idle() const {
    requireIdle();
    return *model;
  }
  // The model, for reading arguments. It stays alive even if reading them runs code that disposes
  // of it.
  std::shared_ptr<Model> present() const {
    requirePresent();
    return model;
  }

  std::shared_ptr<Model> model;

 protected:
  void release() override { model.reset(); }
};

}  // namespace boltzkit::binding
