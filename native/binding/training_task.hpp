// A part of a training run and its progress reports to JavaScript: one slot for the latest step and
// a queue of epoch reports.
#pragma once
#include <chrono>
#include <mutex>
#include <vector>

#include "binding/model_handle.hpp"

namespace boltzkit::binding {

class TrainingTask : public Task {
 public:
  TrainingTask(std::shared_ptr<TrainerParts> parts, std::uint64_t untilStep, Napi::Function onProgress);

  void run(const Cancelled& cancelled, const Wake& wake) override;
  void report(Napi::Env env) override;
  Napi::Value result(Napi::Env env) override;

 private:
  using Clock = std::chrono::steady_clock;
  // Minimum time between progress reports. A step may take microseconds, and reporting each one
  // would saturate the environment's thread.
  static constexpr std::chrono::milliseconds stepInterval{20};

  void stepDone(std::uint64_t step, const Wake& wake);
  void epochDone(const EpochReport& report, const Wake& wake);

  std::shared_ptr<TrainerParts> parts_;
  std::uint64_t untilStep_;
  Napi::FunctionReference onProgress_;

  std::mutex mutex_;  // guards the members below
  std::vector<EpochReport> epochs_;
  bool news_ = false;

  Clock::time_point lastWake_{};  // used only on the job's thread
};

}  // namespace boltzkit::binding
