// State shared by the JavaScript objects of one machine: the machine, its running job and its
// trainers. Used only on the environment's thread; a job's thread sees only what its task owns.
#pragma once
#include <memory>
#include <vector>

#include "binding/errors.hpp"
#include "binding/instance.hpp"
#include "binding/memory.hpp"
#include "learning/trainer.hpp"

namespace boltzkit::binding {

struct MachineHandle;

// A trainer with all that must outlive it. `step` follows the run and may be read while another
// thread trains.
struct TrainerParts {
  explicit TrainerParts(napi_env env) : memory(env) {}
  void free();

  std::shared_ptr<MachineHandle> handle;
  std::shared_ptr<Machine> machine;
  std::unique_ptr<Trainer> trainer;  // destroyed before the machine
  std::uint64_t totalSteps = 0, stepsPerEpoch = 0;
  std::atomic<std::uint64_t> step{0};
  ExternalMemory memory;
};

struct MachineHandle : std::enable_shared_from_this<MachineHandle> {
  explicit MachineHandle(napi_env env) : memory(env) {}

  bool disposed() const { return machine == nullptr; }
  bool busy() const { return !job.expired(); }
  Machine& idle() const;  // throws DISPOSED or BUSY

  // If `here`, runs the task on this thread and returns its result. Otherwise starts a job and
  // returns JavaScript's { promise, cancel, progress }.
  Napi::Value start(Napi::Env env, std::shared_ptr<Task> task, bool here);
  void dispose(Napi::Env env);
  void adopt(const std::shared_ptr<TrainerParts>& trainer);

  std::shared_ptr<Machine> machine;  // null once disposed of
  std::shared_ptr<Inference> inference;
  std::weak_ptr<Job> job;  // the running job
  std::vector<std::weak_ptr<TrainerParts>> trainers;
  ExternalMemory memory;
};

}  // namespace boltzkit::binding
