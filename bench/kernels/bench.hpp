// Shared by the kernel benchmarks.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <memory>
#include <vector>

#include "backend.hpp"
#include "cpu/cpu_backend.hpp"
#include "cpu/isa.hpp"

namespace boltzkit::bench {

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

inline double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}
inline double least(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

// A generator for inputs, separate from the one under test (Vigna's splitmix64 constants).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  double uniform() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  // Box & Muller 1958.
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform()); }

 private:
  std::uint64_t state_;
};

// CPU time of the calling thread, so that other load on the machine does not count.
inline double cpuTime() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
#else
  return now();
#endif
}

// Seconds of the calling thread per call: the median of nine rounds, each the mean over enough
// calls to take at least some milliseconds.
template <class F>
double secondsPerCall(F&& f) {
  f();
  int calls = 1;
  for (double spent = 0; spent < 0.005 && calls < (1 << 20); calls *= 2) {
    const double start = cpuTime();
    for (int i = 0; i < calls; ++i) f();
    spent = cpuTime() - start;
  }
  std::vector<double> rounds;
  for (int round = 0; round < 9; ++round) {
    const double start = cpuTime();
    for (int i = 0; i < calls; ++i) f();
    rounds.push_back((cpuTime() - start) / calls);
  }
  return median(rounds);
}

// GFLOP/s that one core reaches with these kernels' fused multiply-adds on operands in the cache.
double measuredPeak(const cpu::Kernels& kernels);

// Each returns false if a result differs from a plain computation.
bool benchProducts(const cpu::Kernels& kernels, double peak);
bool benchUnits(const cpu::Kernels& kernels);
bool benchLateral(const cpu::Kernels& kernels, unsigned mostThreads, double peak);
bool benchGibbs(const cpu::Kernels& kernels, unsigned threads, const Rows& rows);
bool benchTraining(const cpu::Kernels& kernels, unsigned threads, const std::shared_ptr<const Rows>& rows, double peak);

}  // namespace boltzkit::bench
