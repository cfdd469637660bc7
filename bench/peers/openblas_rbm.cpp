// The baseline a good engineer would write: a Bernoulli RBM on OpenBLAS' sgemm, with a vectorised sigmoid and xoshiro128+.
// One update (contrastive divergence, Hinton 2002), as every peer does it:
//   h0 ~ p(h|v0), v1 ~ p(v|h0), ..., the last hidden phase as probabilities,
//   M = momentum M + rate ((v0' p(h|v0) - v1' p(h|v1)) / batch - decay W),   W += M,   biases alike without decay.
// Usage: openblas_rbm <cd1|cd10|pcd1|pcd10|gibbs|transform>     settings in the environment, see bench/lib/work.mjs
#include <cblas.h>
#include <omp.h>
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

extern "C" char* openblas_get_corename();

using Vec = std::vector<float>;
constexpr int kVisible = 784, kHidden = 500, kBatch = 100, kChains = 1000, kSteps = 100;
constexpr float kRate = 0.05f, kPersistentRate = 0.01f, kMomentum = 0.9f, kDecay = 1e-4f;

static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
static double median(Vec v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}
static int setting(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

// 16 interleaved xoshiro128+ streams (Blackman & Vigna 2018), so that the compiler makes one vector of them; one set per thread.
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
static std::vector<Random> randoms;

struct Rbm {
  Vec weights, weightsStep, visibleBias, hiddenBias, visibleStep, hiddenStep;  // weights [kVisible, kHidden]
  Rbm()
      : weights(kVisible * kHidden),
        weightsStep(weights.size()),
        visibleBias(kVisible),
        hiddenBias(kHidden),
        visibleStep(kVisible),
        hiddenStep(kHidden) {
    Vec u(2 * weights.size() + 16);
    Random(7).fill(u.data(), static_cast<int>(2 * weights.size()));
    for (std::size_t i = 0; i < weights.size(); ++i)  // Box-Muller, standard deviation 0.01
      weights[i] = 0.01f * std::sqrt(-2 * std::log(u[2 * i] + 1e-7f)) * std::cos(6.2831853f * u[2 * i + 1]);
  }
};

// z [rows, n] holds fields without bias; leaves probabilities in z and, if s is given, draws 0/1 in s.
static void activate(float* z, float* s, const float* bias, int rows, int n) {
#pragma omp parallel for schedule(static)
  for (int i = 0; i < rows; ++i) {
    float* p = z + static_cast<std::size_t>(i) * n;
    for (int j = 0; j < n; ++j) p[j] = 1.0f / (1.0f + std::exp(-std::min(80.0f, std::max(-80.0f, p[j] + bias[j]))));
    if (!s) continue;
    alignas(64) float u[1024];
    randoms[omp_get_thread_num()].fill(u, n);
    float* q = s + static_cast<std::size_t>(i) * n;
    for (int j = 0; j < n; ++j) q[j] = u[j] < p[j] ? 1.0f : 0.0f;
  }
}

static void up(const Rbm& r, const float* v, int rows, float* probability, float* draw) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, kHidden, kVisible, 1, v, kVisible, r.weights.data(), kHidden, 0, probability,
              kHidden);
  activate(probability, draw, r.hiddenBias.data(), rows, kHidden);
}

static void down(const Rbm& r, const float* h, int rows, float* probability, float* draw) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, kVisible, kHidden, 1, h, kHidden, r.weights.data(), kHidden, 0, probability,
              kVisible);
  activate(probability, draw, r.visibleBias.data(), rows, kVisible);
}

class Trainer {
 public:
  Trainer(Rbm& rbm, int steps, bool persistent)
      : r_(rbm),
        steps_(steps),
        persistent_(persistent),
        rate_(persistent ? kPersistentRate : kRate),
        dataHidden_(kBatch * kHidden),
        hidden_(kBatch * kHidden),
        visibleMean_(kBatch * kVisible),
        visible_(kBatch * kVisible),
        lastHidden_(kBatch * kHidden) {}

  void epoch(const Vec& rows) {
    const std::size_t batch = static_cast<std::size_t>(kBatch) * kVisible;
    for (std::size_t at = 0; at + batch <= rows.size(); at += batch) update(&rows[at]);
  }

 private:
  void update(const float* v0) {
    up(r_, v0, kBatch, dataHidden_.data(), persistent_ ? nullptr : hidden_.data());  // hidden_ keeps the chains when persistent
    for (int k = 1; k <= steps_; ++k) {
      down(r_, hidden_.data(), kBatch, visibleMean_.data(), visible_.data());
      up(r_, visible_.data(), kBatch, lastHidden_.data(), k < steps_ || persistent_ ? hidden_.data() : nullptr);
    }
    stepWeights(v0);
    stepBias(r_.visibleBias, r_.visibleStep, v0, visible_.data());
    stepBias(r_.hiddenBias, r_.hiddenStep, dataHidden_.data(), lastHidden_.data());
  }

  void stepWeights(const float* v0) {  // the momentum rides on the first product's beta
    float *w = r_.weights.data(), *m = r_.weightsStep.data();
    const float scale = rate_ / kBatch, decay = rate_ * kDecay;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, kVisible, kHidden, kBatch, scale, v0, kVisible, dataHidden_.data(), kHidden,
                kMomentum, m, kHidden);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, kVisible, kHidden, kBatch, -scale, visible_.data(), kVisible, lastHidden_.data(),
                kHidden, 1, m, kHidden);
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < kVisible * kHidden; ++i) {
      m[i] -= decay * w[i];
      w[i] += m[i];
    }
  }

  void stepBias(Vec& bias, Vec& step, const float* plus, const float* minus) {
    const std::size_t n = bias.size();
    for (auto& x : step) x *= kMomentum;
    for (int i = 0; i < kBatch; ++i)
      for (std::size_t j = 0; j < n; ++j) step[j] += rate_ / kBatch * (plus[i * n + j] - minus[i * n + j]);
    for (std::size_t j = 0; j < n; ++j) bias[j] += step[j];
  }

  Rbm& r_;
  int steps_;
  bool persistent_;
  float rate_;
  Vec dataHidden_, hidden_, visibleMean_, visible_, lastHidden_;
};

// Mean-field reconstruction error of the first 1,000 rows; off the clock.
static double reconstructionError(const Rbm& r, const Vec& rows) {
  Vec h(1000 * kHidden), v(1000 * kVisible);
  up(r, rows.data(), 1000, h.data(), nullptr);
  down(r, h.data(), 1000, v.data(), nullptr);
  double sum = 0;
  for (std::size_t i = 0; i < v.size(); ++i) sum += (v[i] - rows[i]) * (v[i] - rows[i]);
  return sum / v.size();
}

static void printList(const char* name, const Vec& values) {
  std::printf("\"%s\":[", name);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.8g", i ? "," : "", values[i]);
  std::printf("],");
}
// In kB. What getrusage says would include the parent before exec.
static long peakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void report(const std::string& test, const Vec& seconds, const char* checkName, const Vec& check) {
  std::printf("{\"peer\":\"openblas\",\"test\":\"%s\",\"threads\":%d,", test.c_str(), omp_get_max_threads());
  printList("seconds", seconds);
  printList(checkName, check);
  std::printf("\"rssMb\":%.1f,\"note\":\"OpenBLAS kernels: %s\"}\n", peakMemory() / 1024.0, openblas_get_corename());
}

static void train(const std::string& test, const Vec& rows, int epochs) {
  Rbm r;
  Trainer trainer(r, test.find("10") == std::string::npos ? 1 : 10, test[0] == 'p');
  Vec seconds, error;
  for (int e = 0; e <= epochs; ++e) {  // epoch 0 warms up
    const double begin = now();
    trainer.epoch(rows);
    if (e) seconds.push_back(now() - begin);
    if (e == 0 || e == epochs) error.push_back(reconstructionError(r, rows));
  }
  report(test, seconds, "mse", error);
}

static void gibbs(const Vec& rows, int repetitions) {
  Rbm r;
  Vec v(kChains * kVisible), sample(v), h(kChains * kHidden), hidden(h), seconds;
  for (std::size_t i = 0; i < v.size(); ++i) sample[i] = rows[i] > 0.5f;
  for (int e = 0; e <= repetitions; ++e) {
    const double begin = now();
    for (int s = 0; s < kSteps; ++s) {
      up(r, sample.data(), kChains, h.data(), hidden.data());
      down(r, hidden.data(), kChains, v.data(), sample.data());
    }
    if (e) seconds.push_back(now() - begin);
  }
  double on = 0;
  for (float x : sample) on += x;
  report("gibbs", seconds, "on", {static_cast<float>(on / sample.size())});
}

static void transform(const Vec& rows, int repetitions) {
  Rbm r;
  Vec h(kHidden), seconds, block(1000);
  for (int e = 0; e <= repetitions; ++e) {
    for (int i = 0; i < 1000; ++i) {
      const double begin = now();  // sgemv: sgemm with one row packs all of the weights first
      cblas_sgemv(CblasRowMajor, CblasTrans, kVisible, kHidden, 1, r.weights.data(), kHidden, &rows[static_cast<std::size_t>(i) * kVisible],
                  1, 0, h.data(), 1);
      activate(h.data(), nullptr, r.hiddenBias.data(), 1, kHidden);
      block[i] = static_cast<float>(now() - begin);
    }
    if (e) seconds.push_back(static_cast<float>(median(block)));
  }
  double worst = 0;
  for (int j = 0; j < kHidden; ++j) {
    double z = 0;
    for (int i = 0; i < kVisible; ++i) z += static_cast<double>(rows[999 * kVisible + i]) * r.weights[i * kHidden + j];
    worst = std::max(worst, std::abs(1 / (1 + std::exp(-z)) - h[j]));
  }
  report("transform", seconds, "error", {static_cast<float>(worst)});
}

static Vec readRows(const char* path) {
  FILE* file = path ? std::fopen(path, "rb") : nullptr;
  if (!file) {
    std::fprintf(stderr, "BENCH_ROWS must name a file of float32 rows of %d columns\n", kVisible);
    std::exit(1);
  }
  std::fseek(file, 0, SEEK_END);
  Vec rows(std::ftell(file) / 4);
  std::rewind(file);
  const bool whole = std::fread(rows.data(), 4, rows.size(), file) == rows.size();
  std::fclose(file);
  if (!whole || rows.size() < 1000 * kVisible) std::exit(1);
  return rows;
}

int main(int argc, char** argv) {
  const std::string test = argc > 1 ? argv[1] : "cd1";
  const int repetitions = setting("BENCH_EPOCHS", 5);
  for (int t = 0; t < omp_get_max_threads(); ++t) randoms.emplace_back(1000 + t);
  const Vec rows = readRows(std::getenv("BENCH_ROWS"));
  if (test == "gibbs")
    gibbs(rows, repetitions);
  else if (test == "transform")
    transform(rows, repetitions);
  else
    train(test, rows, repetitions);
}
