#include "binding/job_host.hpp"

#include <algorithm>

namespace boltzkit::binding {

JobHost::JobHost(Napi::Env env) : env_(env) {
  const napi_value name = Napi::String::New(env, "boltzkit");
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, onWake, &function_) != napi_ok)
    throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, function_);
  if (napi_add_env_cleanup_hook(env, onCleanup, this) != napi_ok) throw Napi::Error::New(env);
}

JobHost::~JobHost() {
  if (closed_) return;
  napi_remove_env_cleanup_hook(env_, onCleanup, this);
  close();
}

void JobHost::onCleanup(void* host) { static_cast<JobHost*>(host)->close(); }

void JobHost::close() {
  closed_ = true;
  for (Entry& entry : entries_) entry.job->cancel();
  for (Entry& entry : entries_) entry.job->join();
  entries_.clear();
  napi_release_threadsafe_function(function_, napi_tsfn_release);
}

void JobHost::start(std::shared_ptr<Job> job, Job::Around around, std::function<void()> over) {
  if (closed_) throw Error(ErrorCode::internal, "the environment is being torn down");
  entries_.reserve(entries_.size() + 1);
  job->start(std::move(around), [this] { wake(); });
  entries_.push_back({std::move(job), std::move(over)});
  if (entries_.size() == 1) napi_ref_threadsafe_function(env_, function_);
}

void JobHost::abandon(const std::shared_ptr<Job>& job) {
  job->abandon();
  forgetSettled();
}

// Runs on any thread. At most one call waits in the queue, however fast the jobs report.
void JobHost::wake() {
  if (!woken_.exchange(true)) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void JobHost::onWake(napi_env env, napi_value, void* host, void*) {
  if (env == nullptr) return;  // the environment is shutting down
  try {
    Napi::HandleScope scope(env);
    static_cast<JobHost*>(host)->advance();
  } catch (...) {
    // This happens only if the environment is shutting down. Its clean-up hook ends the jobs.
  }
}

void JobHost::advance() {
  // Must precede the check of the jobs, so that later news wake again.
  woken_.store(false);
  // A copy, because a report may run code that starts or ends jobs.
  const std::vector<Entry> entries = entries_;
  for (const Entry& entry : entries) entry.job->advance(entry.over);
  forgetSettled();
}

void JobHost::forgetSettled() {
  if (entries_.empty()) return;
  std::erase_if(entries_, [](const Entry& entry) { return entry.job->settled(); });
  if (entries_.empty()) napi_unref_threadsafe_function(env_, function_);
}

}  // namespace boltzkit::binding
