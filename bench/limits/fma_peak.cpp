// What one core and all cores can do at best, to put beside every timing: fp32 fused multiply-adds on registers, and reading an array
// of the size of the weights (784 x 500 floats), which is what a single row's conditional is bound by.
// Build: c++ -O3 -march=native -std=c++20 -pthread fma_peak.cpp      Run: fma_peak <threads> [seconds per figure]
// Prints one JSON line. Figures are the best of their repetitions: limits, not typical values. `typical` is the median repetition's share of
// the best one: near 1 on a quiet machine, less when something else is using it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

// The widest vector the target has; GCC and Clang turn a * x + y on these into FMA instructions.
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
typedef float Vector __attribute__((vector_size(kVectorBytes)));
constexpr int kLanes = kVectorBytes / 4;
constexpr int kChains = 12;  // independent accumulators: more than latency x ports (4 x 2), and they fit 16 registers

static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Wall time of `work` done by `threads` threads that start together.
static double together(int threads, const std::function<void()>& work) {
  std::atomic<int> ready{0};
  std::vector<double> begin(threads), end(threads);
  std::vector<std::thread> team;
  for (int t = 0; t < threads; ++t)
    team.emplace_back([&, t] {
      ++ready;
      while (ready.load() < threads) {
      }
      begin[t] = now();
      work();
      end[t] = now();
    });
  for (auto& thread : team) thread.join();
  return *std::max_element(end.begin(), end.end()) - *std::min_element(begin.begin(), begin.end());
}

// Times of all repetitions, rising.
static std::vector<double> repeat(int threads, double seconds, const std::function<void()>& work) {
  together(threads, work);  // warms up
  std::vector<double> times{together(threads, work)};
  for (double stop = now() + seconds; now() < stop;) times.push_back(together(threads, work));
  std::sort(times.begin(), times.end());
  return times;
}

// Opaque to the optimiser, so that nothing is computed ahead of time or thrown away.
static volatile float source = 1e-9f, sink;

static void multiplyAdds(long rounds) {
  const Vector x = Vector{} + source, y = Vector{} + source;
  Vector sum[kChains];
  for (auto& s : sum) s = Vector{} + source;
  for (long i = 0; i < rounds; ++i)
    for (auto& s : sum) s = s * x + y;
  Vector total{};
  for (auto& s : sum) total += s;
  sink = total[0];
}

static void readArray(const std::vector<Vector>& array, int rounds) {
  Vector sum[8]{};
  for (int r = 0; r < rounds; ++r) {
    for (std::size_t i = 0; i + 8 <= array.size(); i += 8)
      for (int u = 0; u < 8; ++u) sum[u] += array[i + u];
    for (auto& s : sum) s = s * source;
  }
  for (auto& s : sum) sink = s[0];
}

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 0.3;
  const long rounds = 1'000'000;
  const std::vector<double> multiply = repeat(threads, seconds, [&] { multiplyAdds(rounds); });
  const double flops = 2.0 * kLanes * kChains * rounds * threads;

  const std::vector<Vector> weights(784 * 500 / kLanes);
  const int reads = 50;
  const double reading = repeat(threads, seconds / 2, [&] { readArray(weights, reads); }).front();
  const double bytes = 1.0 * weights.size() * kVectorBytes * reads * threads;
  std::printf("{\"threads\":%d,\"vectorBits\":%d,\"fmaGflops\":%.1f,\"weightReadGBs\":%.1f,\"typical\":%.3f}\n", threads, kVectorBytes * 8,
              flops / multiply.front() * 1e-9, bytes / reading * 1e-9, multiply.front() / multiply[multiply.size() / 2]);
}
