// A stretch of a training run, and its news on the way to JavaScript: one slot for the latest step, a queue for epoch reports.
#pragma once
#include <chrono>
#include <mutex>
#include <vector>

#include "binding/machine_handle.hpp"

namespace boltzkit::binding {

class TrainingTask : public Task {
 public:
  TrainingTask(Napi::Env env, std::shared_ptr<TrainerParts> parts, std::uint64_t untilStep, Napi::Function onProgress);

  void run(const Cancelled& cancelled, const Wake& wake) override;
  void report(Napi::Env env) override;
  Napi::Value result(Napi::Env env) override;

 private:
  using Clock = std::chrono::steady_clock;
  // Steps may take microseconds; reporting each would keep the environment's thread busy with nothing else.
  static constexpr std::chrono::milliseconds stepInterval{20};

  void stepDone(std::uint64_t step, const Wake& wake);
  void epochDone(const EpochReport& report, const Wake& wake);

  std::shared_ptr<TrainerParts> parts_;
  std::uint64_t untilStep_;
  Napi::FunctionReference onProgress_;
  Napi::AsyncContext context_;  // progress is called in the asynchronous context that started the run

  std::mutex mutex_;  // guards what follows
  std::vector<EpochReport> epochs_;
  bool news_ = false;

  Clock::time_point lastWake_{};  // the job's thread only
};

}  // namespace boltzkit::binding
