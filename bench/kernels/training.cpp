// One epoch of CD-1 (784-500, batch 100, momentum 0.9, decay 1e-4, learning rate 0.05), with the
// backend operations that the trainer uses. It is the work of the peers in bench/peers, so the
// times compare. First, three updates are checked against the reference backend with the same
// random words.
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <string>

#include "bench.hpp"

namespace boltzkit::bench {
namespace {

constexpr std::size_t visible = 784, hidden = 500, batch = 100;

class Cd1 {
 public:
  Cd1(Backend& backend, std::shared_ptr<const Rows> rows) : backend_(backend), data_(backend.data(std::move(rows))) {
    std::vector<std::uint32_t> numbers(data_->rows());
    std::iota(numbers.begin(), numbers.end(), 0u);
    order_ = backend.order(std::move(numbers));
    std::vector<double> weights(visible * hidden);
    Dice dice(7);
    for (double& w : weights) w = static_cast<float>(0.01 * dice.normal());
    backend.upload(std::span<const double>(weights), *w_);
  }

  void step(std::uint64_t number) {
    const std::size_t batches = data_->rows() / batch;
    timed("gather", [&] { backend_.gather(*data_, {order_.get(), number % batches * batch, batch}, *v0_); });
    draw("up real", *v0_, false, *c_, 3 * number, *fieldsH_, mean0_.get(), h_.get());
    unitGradient(*v0_, 1.0 / batch, 0);
    draw("down", *h_, true, *b_, 3 * number + 1, *fieldsV_, nullptr, v_.get());
    draw("up binary", *v_, false, *c_, 3 * number + 2, *fieldsH_, mean_.get(), nullptr);
    unitGradient(*v_, -1.0 / batch, 1);
    const StatisticsTerm terms[] = {{v0_.get(), mean0_.get(), nullptr, 1.0 / batch, Accuracy::statistics},
                                    {v_.get(), mean_.get(), nullptr, -1.0 / batch, Accuracy::statistics}};
    const ParameterSlot slots[] = {{w_.get(), gw_.get(), mw_.get(), nullptr, 0, 1e-4, 1, nullptr, nullptr, terms, false},
                                   {b_.get(), gb_.get(), mb_.get(), nullptr},
                                   {c_.get(), gc_.get(), mc_.get(), nullptr}};
    timed("statistics and step", [&] { backend_.optimise({.learningRate = 0.05, .momentum = 0.9}, slots, *outcome_); });
  }

  std::vector<double> weights() const {
    std::vector<double> values(visible * hidden);
    backend_.download(*w_, std::span<double>(values));
    return values;
  }
  std::map<std::string, double>& times() { return times_; }

 private:
  template <class F>
  void timed(const std::string& what, F&& f) {
    const double start = now();
    f();
    times_[what] += now() - start;
  }
  void draw(const std::string& what, const Tensor& states, bool down, const Tensor& bias, std::uint64_t step, Tensor& fields, Tensor* mean,
            Tensor* sample) {
    const FieldTerm term{&states, w_.get(), down, 1, nullptr, Accuracy::draws};
    timed(what, [&] { backend_.fields(std::span(&term, 1), false, fields); });
    timed("units", [&] {
      backend_.updateUnits({.units = {UnitType::bernoulli, &bias}, .stream = {.seed = 1, .purpose = Purpose::negative, .step = step}},
                           fields, mean, sample);
    });
  }
  void unitGradient(const Tensor& v, double alpha, double beta) {
    timed("unit statistics", [&] {
      backend_.unitStatistics({UnitType::bernoulli, b_.get()}, v, nullptr, nullptr, alpha, beta, *gb_);
      backend_.unitStatistics({UnitType::bernoulli, c_.get()}, beta == 0 ? *mean0_ : *mean_, nullptr, nullptr, alpha, beta, *gc_);
    });
  }

  Backend& backend_;
  DataPtr data_;
  TensorPtr w_ = backend_.tensor(visible, hidden), gw_ = backend_.tensor(visible, hidden), mw_ = backend_.tensor(visible, hidden);
  TensorPtr b_ = backend_.tensor(1, visible), gb_ = backend_.tensor(1, visible), mb_ = backend_.tensor(1, visible);
  TensorPtr c_ = backend_.tensor(1, hidden), gc_ = backend_.tensor(1, hidden), mc_ = backend_.tensor(1, hidden);
  TensorPtr v0_ = backend_.tensor(batch, visible), v_ = backend_.tensor(batch, visible), fieldsV_ = backend_.tensor(batch, visible);
  TensorPtr h_ = backend_.tensor(batch, hidden), mean_ = backend_.tensor(batch, hidden), mean0_ = backend_.tensor(batch, hidden),
            fieldsH_ = backend_.tensor(batch, hidden);
  OrderPtr order_;
  StepOutcomePtr outcome_ = backend_.stepOutcome();
  std::map<std::string, double> times_;
};

// Root mean square difference of the weights after a few updates, relative to the root mean square
// of the updates.
double divergenceFromReference(Backend& backend, const std::shared_ptr<const Rows>& rows) {
  const auto exactBackend = makeReferenceBackend();
  Cd1 fast(backend, rows), exact(*exactBackend, rows);
  const std::vector<double> start = exact.weights();
  backend.run([&] {
    for (std::uint64_t i = 0; i < 3; ++i) fast.step(i), exact.step(i);
  });
  const std::vector<double> a = fast.weights(), b = exact.weights();
  double error = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) error += (a[i] - b[i]) * (a[i] - b[i]), size += (b[i] - start[i]) * (b[i] - start[i]);
  return std::sqrt(error / size);
}

}  // namespace

bool benchTraining(const cpu::Kernels& kernels, unsigned threads, const std::shared_ptr<const Rows>& rows, double peak) {
  cpu::CpuBackend backend(kernels, threads);
  const double divergence = divergenceFromReference(backend, rows);
  std::printf(
      "\nCD-1 784-500, batch 100, %zu rows, %s, %u thread(s): weights after 3 updates differ by %.1e (relative) from the reference\n",
      rows->rows(), kernels.isa, threads, divergence);
  Cd1 training(backend, rows);
  const std::uint64_t steps = rows->rows() / batch;
  std::vector<double> epochs, computing;
  backend.run([&] {
    for (std::uint64_t epoch = 0; epoch < 7; ++epoch) {
      const double start = now(), cpuStart = cpuTime();
      for (std::uint64_t i = 0; i < steps; ++i) training.step(epoch * steps + i);
      if (epoch == 0) training.times().clear();
      if (epoch > 0) epochs.push_back(now() - start), computing.push_back(cpuTime() - cpuStart);
    }
  });
  for (const auto& [what, seconds] : training.times())
    std::printf("  %-18s %7.1f us per update\n", what.c_str(), seconds / 6 / static_cast<double>(steps) * 1e6);
  const double flops = 5 * 2.0 * batch * visible * hidden * static_cast<double>(steps);
  std::printf("  epoch %.4f s (median), %.4f s (best): %.0f GFLOP/s dense-equivalent, %.2f of %u x the FMA peak\n", median(epochs),
              least(epochs), flops / median(epochs) * 1e-9, flops / median(epochs) * 1e-9 / (peak * threads), threads);
  std::printf("  of which the calling thread computed %.4f s\n", median(computing));
  return divergence < 1e-2;
}

}  // namespace boltzkit::bench
