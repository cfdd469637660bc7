// What the C++ programs that are timed share: settings, data, start weights, random numbers, validation, and the one JSON line at the end.
#pragma once
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using Vec = std::vector<float>;

// The work, as bench/lib/work.mjs has it.
constexpr int kChains = 1000, kSteps = 100, kAnnealedChains = 100, kTemperatures = 14500, kCallEpochs = 5, kSmallEpochs = 20;
constexpr float kRate = 0.05f, kPersistentRate = 0.001f, kMomentum = 0.9f, kDecay = 1e-4f;
constexpr int kErrorRows = 100;

struct Size {
  int visible, hidden, batch;
};
inline Size sizeOf(const std::string& test) {
  if (test == "big") return {4096, 4096, 256};
  if (test == "small") return {64, 32, 10};
  return {784, 500, 100};
}

inline double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
inline double median(Vec v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}
inline int setting(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

// The file of float32 numbers that an environment variable names.
inline Vec readFloats(const char* variable) {
  const char* path = std::getenv(variable);
  std::ifstream file(path ? path : "", std::ios::binary | std::ios::ate);
  Vec values(file ? static_cast<std::size_t>(file.tellg()) / sizeof(float) : 0);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (file && !values.empty()) return values;
  std::fprintf(stderr, "%s must name a file of float32 numbers\n", variable);
  std::exit(1);
}

struct Rbm {
  Size size;
  Vec weights, visibleBias, hiddenBias;  // weights [visible, hidden]
};

// The machine that all programs start from: weights, visible biases, hidden biases.
inline Rbm readStart(Size size) {
  const Vec all = readFloats("BENCH_START");
  const long weights = static_cast<long>(size.visible) * size.hidden;
  if (static_cast<long>(all.size()) != weights + size.visible + size.hidden) {
    std::fprintf(stderr, "BENCH_START must hold the weights of %d x %d units and both biases\n", size.visible, size.hidden);
    std::exit(1);
  }
  const auto biases = all.begin() + weights, hiddenBiases = biases + size.visible;
  return {size, {all.begin(), biases}, {biases, hiddenBiases}, {hiddenBiases, all.end()}};
}

// 16 interleaved xoshiro128+ streams (Blackman & Vigna 2018), so that the compiler makes one vector of them.
struct Random {
  alignas(64) uint32_t s[4][16];
  explicit Random(uint64_t z) {
    for (auto& row : s)
      for (auto& x : row) {  // splitmix64
        z += 0x9e3779b97f4a7c15ull;
        uint64_t t = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        t = (t ^ (t >> 27)) * 0x94d049bb133111ebull;
        x = static_cast<uint32_t>(t >> 32);
      }
  }
  // Uniform numbers in [0, 1); room for n rounded up to 16 is needed.
  void fill(float* out, int n) {
    for (int i = 0; i < n; i += 16)
#pragma omp simd
      for (int l = 0; l < 16; ++l) {
        const uint32_t r = s[0][l] + s[3][l], t = s[1][l] << 9;
        s[2][l] ^= s[0][l];
        s[3][l] ^= s[1][l];
        s[1][l] ^= s[2][l];
        s[0][l] ^= s[3][l];
        s[2][l] ^= t;
        s[3][l] = (s[3][l] << 11) | (s[3][l] >> 21);
        out[i + l] = static_cast<float>(static_cast<int32_t>(r >> 8)) * 0x1p-24f;
      }
  }
};

// Mean-field reconstruction error of the first rows, in double precision; off the clock.
inline float reconstructionError(const Rbm& r, const float* rows) {
  const auto [visible, hidden, batch] = r.size;
  double sum = 0;
  for (int row = 0; row < kErrorRows; ++row) {
    const float* v = rows + static_cast<std::size_t>(row) * visible;
    std::vector<double> h(r.hiddenBias.begin(), r.hiddenBias.end());
    for (int i = 0; i < visible; ++i)
      for (int j = 0; v[i] != 0 && j < hidden; ++j) h[j] += v[i] * r.weights[static_cast<std::size_t>(i) * hidden + j];
    for (double& x : h) x = 1 / (1 + std::exp(-x));
    for (int i = 0; i < visible; ++i) {
      double z = r.visibleBias[i];
      for (int j = 0; j < hidden; ++j) z += h[j] * r.weights[static_cast<std::size_t>(i) * hidden + j];
      sum += std::pow(1 / (1 + std::exp(-z)) - v[i], 2);
    }
  }
  return static_cast<float>(sum / kErrorRows / visible);
}

inline void printList(const char* name, const Vec& values) {
  std::printf("\"%s\":[", name);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.8g", i ? "," : "", values[i]);
  std::printf("],");
}

// In kB. What getrusage says would include the parent before exec.
inline long peakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

struct Report {
  std::string peer, test, checkName;
  Vec seconds, check;
  std::string note, scaled = "";
};
inline void print(const Report& r) {
  std::printf("{\"peer\":\"%s\",\"test\":\"%s\",\"threads\":%d,", r.peer.c_str(), r.test.c_str(), setting("BENCH_THREADS", 1));
  printList("seconds", r.seconds);
  printList(r.checkName.c_str(), r.check);
  if (!r.scaled.empty()) std::printf("\"scaled\":\"%s\",", r.scaled.c_str());
  std::printf("\"rssMb\":%.1f,\"note\":\"%s\"}\n", static_cast<double>(peakMemory()) / 1024, r.note.c_str());
}
