#include "binding/job.hpp"

namespace boltzkit::binding {

Job::Job(Napi::Env env, std::shared_ptr<Task> task) : env_(env), deferred_(env), task_(std::move(task)) {}

Job::~Job() {
  cancel();
  join();
}

void Job::start(Around around, Wake wake) {
  around_ = std::move(around);
  wake_ = std::move(wake);
  thread_ = std::thread([this] { threadBody(); });
}

void Job::join() {
  if (thread_.joinable()) thread_.join();
}

void Job::work() noexcept {
  try {
    const Progress here(*progress_);
    task_->run(cancelled_, wake_);
    Progress::report(1, 1);
  } catch (...) {
    failure_ = currentFailure();
  }
}

void Job::threadBody() noexcept {
  try {
    around_([this] { work(); });
  } catch (...) {
    failure_ = currentFailure();
  }
  finished_.store(true, std::memory_order_release);
  wake_();
}

void Job::advance(const std::function<void()>& over) {
  if (settled_) return;
  const bool finished = finished_.load(std::memory_order_acquire);
  if (finished) join();
  // The report may dispose of the machine and abandon this job.
  const std::shared_ptr<Task> task = task_;
  task->report(env_);
  if (!finished || settled_) return;
  over();
  settle();
}

void Job::abandon() {
  if (settled_) return;
  cancel();
  join();
  failure_ = {"ABORTED", "the model was disposed of before the job was over"};
  settle();
}

void Job::settle() {
  settled_ = true;
  const std::shared_ptr<Task> task = std::move(task_);
  try {
    try {
      if (failure_.code) throw toJavaScript(env_, failure_);
      deferred_.Resolve(task->result(env_));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  } catch (...) {
    // The environment is shutting down, so nothing is left to notify.
  }
}

}  // namespace boltzkit::binding
