// The backends under test, helpers to hold the same tensors on a backend and on the reference, and
// comparisons between the two.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "backend.hpp"
#include "cpu/cpu_backend.hpp"
#include "cpu/isa.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/plugin_library.hpp"

namespace boltzkit::test {

using Values = std::vector<double>;

// Sanitizers make everything about ten times slower, so their builds test fewer sizes and draws.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
// Thread sanitizer looks for races: it needs no sizes but those that threads share.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool threadSanitized = true;
#else
inline constexpr bool threadSanitized = false;
#endif

// A small generator for test data, separate from the one under test (Vigna's splitmix64 constants).
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 40) * 0x1p-24; }
  double between(double low, double high) { return low + (high - low) * uniform(); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_;
};

enum class Kind { binary, grey, signedReal };

// Values that float32 represents exactly. Each is zero with probability 1 - density.
inline Values randomValues(std::size_t n, std::uint64_t seed, Kind kind, double density = 1) {
  Dice dice(seed);
  Values values(n);
  for (double& v : values) {
    if (dice.uniform() >= density) continue;
    v = kind == Kind::binary ? 1 : static_cast<float>(dice.between(kind == Kind::grey ? 0 : -2, kind == Kind::grey ? 1 : 2));
  }
  return values;
}

inline Values absolute(Values values) {
  for (double& v : values) v = std::fabs(v);
  return values;
}

struct Twin {
  TensorPtr fast, exact;
  std::size_t rows() const { return exact->rows(); }
  std::size_t cols() const { return exact->cols(); }
};

// A backend under test. A new backend needs one entry in candidates().
struct Candidate {
  std::string name;
  std::function<std::unique_ptr<Backend>(unsigned threads)> make;
};

// Each set of kernels that this machine can run, and the one that emulates tiles. Under a sanitizer
// those of AVX-512 run once only, with tiles where there are some, and tiles_test.cpp alone emulates.
// Threads share the work of every set in the same way: their sanitizer gets the first and the last.
inline std::vector<const cpu::Kernels*> allKernels(bool emulation = !sanitized) {
  std::vector<const cpu::Kernels*> all = cpu::availableKernels();
  if (sanitized && all.front()->isa == std::string("amx")) all.erase(all.begin() + 1);
  if (threadSanitized && all.size() > 2) all.erase(all.begin() + 1, all.end() - 1);
  if (emulation) all.push_back(&cpu::kernelsEmulatedTiles);
  return all;
}

// The CPU backend with each set of kernels.
inline std::vector<Candidate> cpuCandidates() {
  std::vector<Candidate> all;
  for (const cpu::Kernels* kernels : allKernels())
    all.push_back(
        {std::string("cpu ") + kernels->isa, [kernels](unsigned threads) { return std::make_unique<cpu::CpuBackend>(*kernels, threads); }});
  return all;
}

// The plug-in file that the environment names for the suite to run on a GPU. Null: none.
inline const char* testedPlugin() { return threadSanitized ? nullptr : std::getenv("BOLTZKIT_TEST_CUDA"); }

// These, and the CUDA backend: on the GPU of that plug-in, else on an emulated device.
inline std::vector<Candidate> candidates() {
  std::vector<Candidate> all = cpuCandidates();
#if defined(__linux__)  // which plug-ins and the emulation need
  if (const char* plugin = testedPlugin())
    all.push_back({"cuda", [plugin](unsigned) { return cuda::makeCudaBackend(cuda::loadPlugin(plugin), 0); }});
  else if (!threadSanitized)
    all.push_back({"emulated cuda", [](unsigned) { return cuda::makeCudaBackend(*boltzkit_cuda(), 0); }});
#endif
  return all;
}

// A backend under test and the reference one.
class Twins {
 public:
  explicit Twins(const Candidate& candidate, unsigned threads = 1)
      : owner_(candidate.make(threads)), fast(*owner_), exact(makeReferenceBackend()) {}

  Twin make(std::size_t rows, std::size_t cols, const Values& values) {
    Twin twin{fast.tensor(rows, cols), exact->tensor(rows, cols)};
    fast.upload(std::span<const double>(values), *twin.fast);
    exact->upload(std::span<const double>(values), *twin.exact);
    return twin;
  }
  Twin zeros(std::size_t rows, std::size_t cols) { return {fast.tensor(rows, cols), exact->tensor(rows, cols)}; }

 private:
  std::unique_ptr<Backend> owner_;

 public:
  Backend& fast;
  std::unique_ptr<Backend> exact;
};

// True if everything behind the columns of a CPU tensor's rows is zero; kernels compute with it.
inline bool paddingIsZero(const Tensor& t) {
  const auto* tensor = dynamic_cast<const cpu::CpuTensor*>(&t);
  for (std::size_t r = 0; tensor && r < t.capacity(); ++r)
    for (std::size_t j = t.cols(); j < tensor->stride(); ++j)
      if (tensor->row(r)[j] != 0) return false;
  return true;
}

// The largest |got - want| / allowed; `allowed` holds one number, or one per value. NaN counts as
// infinitely wrong.
inline double worstError(const Values& got, const Values& want, const Values& allowed) {
  double worst = got.size() == want.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < got.size() && i < want.size(); ++i) {
    const double error = std::fabs(got[i] - want[i]) / allowed[allowed.size() == 1 ? 0 : i];
    if (!(error <= worst)) worst = std::isnan(error) ? INFINITY : error;
  }
  return worst;
}

inline void checkTwin(Twins& twins, const Twin& twin, const Values& allowed) {
  CHECK(worstError(valuesOf(twins.fast, *twin.fast), valuesOf(*twins.exact, *twin.exact), allowed) <= 1);
  CHECK(paddingIsZero(*twin.fast));
}

// Rounding errors of a sum of n terms grow like a random walk: a few units in the last place of the
// sum of absolute values, times sqrt(n). `floor` covers results near zero.
inline Values allowedSumErrors(const Values& magnitudes, std::size_t terms, double floor = 1e-12) {
  Values allowed = magnitudes;
  for (double& a : allowed) a = a * 0x1p-24 * 4 * (2 + std::sqrt(static_cast<double>(terms))) + floor;
  return allowed;
}

// Runs the body once for each of these.
template <class Body>
void forEachOf(const std::vector<Candidate>& all, Body&& body) {
  for (const Candidate& candidate : all) {
    CAPTURE(candidate.name);
    body(candidate);
  }
}
// For every backend under test.
template <class Body>
void forEachBackend(Body&& body) {
  forEachOf(candidates(), body);
}
// The same, but under a sanitizer, where it would take minutes, not for the emulated device.
template <class Body>
void forEachQuick(Body&& body) {
  forEachOf(sanitized ? cpuCandidates() : candidates(), body);
}
// For the CPU backend with each set of kernels.
template <class Body>
void forEachCpu(Body&& body) {
  forEachOf(cpuCandidates(), body);
}

// Runs the body once for every set of CPU kernels.
template <class Body>
void forEachIsa(Body&& body) {
  for (const cpu::Kernels* kernels : allKernels()) {
    const std::string isa = kernels->isa;
    CAPTURE(isa);
    body(*kernels);
  }
}

inline Stream testStream(std::uint64_t step = 5) {
  return {.seed = 0x123456789abcdef0u, .purpose = Purpose::negative, .layer = 3, .step = (std::uint64_t{1} << 40) + step};
}

// Takes one step and gives the slot that it was refused for, or -1.
inline std::ptrdiff_t refusedBy(Backend& backend, const OptimiserStep& step, std::span<const ParameterSlot> slots) {
  const StepOutcomePtr outcome = backend.stepOutcome();
  backend.optimise(step, slots, *outcome);
  return backend.read(*outcome).refused;
}

}  // namespace boltzkit::test
