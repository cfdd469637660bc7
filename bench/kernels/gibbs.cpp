// Block Gibbs sampling: 1,000 chains of 784-500 Bernoulli units, every layer drawn in each sweep,
// with the backend operations that sampling uses. First, one sweep is checked against the reference
// backend with the same random words. Weights are rounded for draws, so a few units differ.
#include <cmath>
#include <cstdio>
#include <string>

#include "bench.hpp"

namespace boltzkit::bench {
namespace {

constexpr std::size_t visible = 784, hidden = 500, chains = 1000;

// Random weights alone would keep half of the units on. As in bench/lib/start.mjs, biases are those
// of the means of the data, and of hidden units that are on in 15 % of all cases.
class Sampler {
 public:
  Sampler(Backend& backend, const Rows& rows) : backend_(backend) {
    std::vector<double> means(visible), weights(visible * hidden), down(visible), up(hidden, std::log(0.15 / 0.85)),
        start(chains * visible);
    for (std::size_t r = 0; r < rows.rows(); ++r)
      for (std::size_t i = 0; i < visible; ++i) means[i] += rows.table()[rows.codes()[r * visible + i]] / static_cast<double>(rows.rows());
    double on = 0;
    for (const double mean : means) on += mean;
    Dice dice(11);
    for (double& w : weights) w = static_cast<float>(dice.normal() / std::sqrt(on));
    for (std::size_t i = 0; i < visible; ++i) {
      down[i] = std::log((means[i] + 1e-5) / (1 - means[i] + 1e-5));
      for (std::size_t j = 0; j < hidden; ++j) up[j] -= means[i] * weights[i * hidden + j];
    }
    for (std::size_t r = 0; r < chains; ++r)
      for (std::size_t i = 0; i < visible; ++i) start[r * visible + i] = dice.uniform() < means[i];
    backend.upload(std::span<const double>(weights), *w_);
    backend.upload(std::span<const double>(down), *b_);
    backend.upload(std::span<const double>(up), *c_);
    backend.upload(std::span<const double>(start), *v_);
  }

  void sweep(std::uint64_t number) {
    draw(*v_, false, *c_, 2 * number, *fieldsH_, *h_);
    draw(*h_, true, *b_, 2 * number + 1, *fieldsV_, *v_);
  }
  const Tensor& states() const { return *v_; }

 private:
  void draw(const Tensor& states, bool down, const Tensor& bias, std::uint64_t step, Tensor& fields, Tensor& sample) {
    const FieldTerm term{&states, w_.get(), down, 1, nullptr, Accuracy::draws};
    backend_.fieldsAndUnits(std::span(&term, 1),
                            {.units = {UnitType::bernoulli, &bias}, .stream = {.seed = 1, .purpose = Purpose::sample, .step = step}},
                            fields, nullptr, &sample);
  }

  Backend& backend_;
  TensorPtr w_ = backend_.tensor(visible, hidden), b_ = backend_.tensor(1, visible), c_ = backend_.tensor(1, hidden);
  TensorPtr v_ = backend_.tensor(chains, visible), h_ = backend_.tensor(chains, hidden);
  TensorPtr fieldsV_ = backend_.tensor(chains, visible), fieldsH_ = backend_.tensor(chains, hidden);
};

std::size_t differences(const std::vector<double>& a, const std::vector<double>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return count;
}

}  // namespace

bool benchGibbs(const cpu::Kernels& kernels, unsigned threads, const Rows& rows) {
  constexpr std::size_t checked = 100, sweeps = 1000;
  cpu::CpuBackend backend(kernels, threads);
  const auto exactBackend = makeReferenceBackend();
  Sampler fast(backend, rows), exact(*exactBackend, rows);
  std::vector<double> times;
  std::size_t different = 0;
  double on = 0;
  backend.run([&] {
    fast.sweep(0);
    exact.sweep(0);
    different = differences(valuesOf(backend, fast.states()), valuesOf(*exactBackend, exact.states()));
    for (std::uint64_t s = 1; s < checked; ++s) fast.sweep(s);
    for (std::uint64_t s = checked; s < checked + sweeps; ++s) {
      const double start = cpuTime();
      fast.sweep(s);
      times.push_back(cpuTime() - start);
    }
    for (const double state : valuesOf(backend, fast.states())) on += state;
  });
  std::sort(times.begin(), times.end());
  const bool good = different < chains * visible / 100;
  std::printf(
      "\nGibbs 784-500, %zu chains, %s, %u thread(s): a sweep %.3f ms best, %.3f ms at the tenth part, %.3f ms median; %.1f %% on, %zu of "
      "%zu "
      "units differ from the reference%s\n",
      chains, kernels.isa, threads, times[0] * 1e3, times[sweeps / 10] * 1e3, times[sweeps / 2] * 1e3, 100 * on / (chains * visible),
      different, chains * visible, good ? "" : "  WRONG");
  return good;
}

}  // namespace boltzkit::bench
