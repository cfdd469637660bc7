// How far a job is, as a fraction of its work, for whoever waits for it. The job's thread says so
// where it polls for cancellation. `Progress` makes the number reachable without passing it through
// every function, and lets a function count its own work without knowing what it is a part of.
#pragma once
#include <atomic>

namespace boltzkit {

// From 0 to 1. One thread writes it.
using Fraction = std::atomic<double>;

class Progress {
 public:
  // During the lifetime of this object, reports on this thread go to `fraction`.
  explicit Progress(Fraction& fraction) : before_(current_) { current_ = {&fraction, 0, 1}; }
  // During the lifetime of this object, reports on this thread are those of a part of the work: from
  // `from` to `to`, as fractions of the work around it. An empty part keeps its reports to itself.
  Progress(double from, double to) : before_(current_) {
    const double length = before_.high - before_.low;
    current_.low = before_.low + from * length;
    current_.high = before_.low + to * length;
  }
  ~Progress() { current_ = before_; }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` of `all` is done. Does nothing outside of a job, and never lowers the fraction.
  static void report(double done, double all) {
    if (!current_.fraction || !(all > 0)) return;
    const double now = current_.low + (current_.high - current_.low) * done / all;
    if (now > current_.fraction->load(std::memory_order_relaxed)) current_.fraction->store(now, std::memory_order_relaxed);
  }

 private:
  struct Part {
    Fraction* fraction;
    double low, high;
  };
  inline static thread_local Part current_{nullptr, 0, 1};
  Part before_;
};

}  // namespace boltzkit
