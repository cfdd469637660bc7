// Runs chunks of chains one after the other, each for all its sweeps, so that a chunk's states stay
// in cache. A chain's random words depend on its number and not on its chunk.
#include "sampling/chains.hpp"

#include <algorithm>
#include <cmath>

#include "core/checked.hpp"
#include "core/progress.hpp"
#include "sampling/moments.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

class Run {
 public:
  Run(Machine& machine, const ChainOptions& options, ChainResults& results)
      : machine_(machine),
        options_(options),
        results_(results),
        layers_(machine.wiring().layers().size()),
        chunk_(chunkSize()),
        states_(machine, chunk_),
        gibbs_(machine, whollyClamped(), chunk_) {
    if (!options.start.empty()) start_.emplace(LayerData::forQuestion(machine, options.start));
    if (options.tempered) tempering_.emplace(machine, options.tempered->ladder, options.tempered->state);
    if (options.observe) moments_.emplace(machine, options.observe->pairs, results.sums, results.products);
    if (!results.mean.empty()) mean_ = machine.backend().tensor(chunk_, machine.places(results.meanLayer));
    stream_ = machine.random().next(Purpose::sample, options.steps + 1);
  }

  void run(const Cancelled& cancelled) {
    for (std::size_t first = 0; first < options_.chains; first += chunk_) {
      load(first, std::min(chunk_, options_.chains - first));
      const double all = static_cast<double>(options_.chains);
      const Progress part(static_cast<double>(first) / all, static_cast<double>(first + states_.rows()) / all);
      gibbs_.setAccuracy(Accuracy::draws);
      begin();
      sweep(cancelled);
      // Modes and ties are defined for the exact weights.
      gibbs_.setAccuracy(Accuracy::full);
      for (std::uint64_t s = 0; s < options_.quench; ++s) {
        throwIfCancelled(cancelled);
        reportSweeps(options_.steps + s);
        gibbs_.sweep(states_, {stream_, firstChain(), 1, {}, Draw::mode});
      }
      store();
    }
    if (moments_) moments_->flush();
    if (moments_) results_.observations = moments_->observations();
    if (!tempering_) return;
    results_.ladder = tempering_->state();
    results_.swaps = tempering_->counts();
  }

 private:
  // Keeps each group of tempered chains within one chunk.
  std::size_t chunkSize() const {
    const std::size_t group = options_.tempered ? options_.tempered->ladder.betas.size() : 1;
    return std::min(std::max<std::size_t>(machine_.backend().chainsAtOnce() / group, 1) * group, options_.chains);
  }

  std::vector<bool> whollyClamped() const {
    std::vector<bool> flags(layers_, false);
    for (const ChainOptions::Clamp& c : options_.clamps) flags[c.layer] = std::find(c.mask.begin(), c.mask.end(), 0.0f) == c.mask.end();
    return flags;
  }

  std::uint32_t firstChain() const { return static_cast<std::uint32_t>(first_); }

  void load(std::size_t first, std::size_t n) {
    first_ = first;
    states_.setRows(n);
    if (mean_) mean_->setRows(n);
    clamps_.resize(options_.clamps.size());
    for (std::size_t i = 0; i < clamps_.size(); ++i) {
      const ChainOptions::Clamp& c = options_.clamps[i];
      upload(c.mask, machine_.places(c.layer), clamps_[i].mask);
      upload(c.values, machine_.places(c.layer), clamps_[i].values);
      gibbs_.keep(c.layer, clamps_[i].mask.get(), clamps_[i].values.get());
    }
  }

  // Uploads the one row shared by all chains, or the rows of this chunk.
  void upload(const std::vector<float>& values, std::size_t places, TensorPtr& tensor) const {
    const bool shared = values.size() == places;
    const std::size_t rows = shared ? 1 : states_.rows();
    if (!tensor) tensor = machine_.backend().tensor(rows, places);
    tensor->setRows(rows);
    machine_.backend().upload(std::span(values).subspan(shared ? 0 : first_ * places, rows * places), *tensor);
  }

  // Loads start states and clamped layers. Then draws the layers without states one by one, each
  // given the layers that have states already.
  void begin() {
    std::vector<bool> ready = whollyClamped();
    if (start_) {
      std::vector<std::uint32_t> rows(states_.rows());
      for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>(first_ + r);
      start_->gather(rows, states_);
    }
    for (std::size_t l = 0; l < layers_; ++l) {
      ready[l] = ready[l] || (start_ && start_->given()[l]);
      // A layer without states adds no field.
      if (!ready[l]) machine_.backend().fill(0, states_[l]);
      gibbs_.restoreKept(l, states_[l]);
    }
    for (std::size_t l = 0; l < layers_; ++l)
      if (!ready[l]) gibbs_.update(l, states_, round(0), nullptr, &states_[l]);
    if (mean_) machine_.backend().axpby(1, states_[results_.meanLayer], 0, *mean_);
  }

  Round round(std::uint64_t step) const {
    Round round{stream_, firstChain()};
    round.stream.step += step;
    if (tempering_)
      round.betas = tempering_->betas(first_, states_.rows());
    else if (!options_.schedule.empty())
      round.beta = options_.schedule[step == 0 ? 0 : step - 1];
    else if (options_.betas.size() == 1)
      round.beta = options_.betas[0];
    else
      round.betas = std::span(options_.betas).subspan(first_, states_.rows());
    return round;
  }

  void sweep(const Cancelled& cancelled) {
    for (std::uint64_t done = 0; done < options_.steps;) {
      throwIfCancelled(cancelled);
      reportSweeps(done);
      const std::uint64_t n = sweepsUntilEvent(done);
      done += n;
      if (mean_ && done == options_.steps)
        lastSweep(done);
      else
        machine_.backend().together([&] { gibbs_.sweep(states_, round(done - n + 1), n); });
      if (moments_ && done % options_.observe->every == 0) observe();
      Stream stream = stream_;
      stream.step += done;
      if (tempering_) tempering_->afterSweep(states_, first_, options_.tempered->sweeps + done, stream);
    }
  }

  void reportSweeps(std::uint64_t done) const {
    Progress::report(static_cast<double>(done), static_cast<double>(options_.steps) + static_cast<double>(options_.quench));
  }

  // Number of sweeps up to the next event, at least 1. At most 16, so that a cancelled job ends
  // soon.
  std::uint64_t sweepsUntilEvent(std::uint64_t done) const {
    constexpr std::uint64_t most = 16;
    if (!options_.schedule.empty()) return 1;
    std::uint64_t n = std::min(most, options_.steps - done);
    if (mean_ && done + n == options_.steps) n = std::max<std::uint64_t>(n - 1, 1);
    if (options_.observe) n = std::min(n, options_.observe->every - done % options_.observe->every);
    if (const auto& tempered = options_.tempered)
      n = std::min(n, tempered->ladder.every - (tempered->sweeps + done) % tempered->ladder.every);
    return n;
  }

  // The means of this sweep are a result, so it uses the exact weights.
  void lastSweep(std::uint64_t step) {
    gibbs_.setAccuracy(Accuracy::full);
    for (const std::vector<std::size_t>& block : gibbs_.blocks())
      for (std::size_t layer : block)
        gibbs_.update(layer, states_, round(step), layer == results_.meanLayer ? mean_.get() : nullptr, &states_[layer]);
    gibbs_.setAccuracy(Accuracy::draws);
  }

  void observe() {
    if (!tempering_) return moments_->observe(states_, nullptr, states_.rows());
    std::vector<float> top(states_.rows());
    for (std::size_t r = 0; r < top.size(); ++r) top[r] = tempering_->state().rung[first_ + r] + 1 == tempering_->rungs() ? 1.0f : 0.0f;
    const TensorPtr weights = machine_.backend().tensor(1, top.size());
    machine_.backend().upload(std::span<const float>(top), *weights);
    moments_->observe(states_, weights.get(), states_.rows() / tempering_->rungs());
  }

  void store() {
    requireBoundedStates(machine_, states_);
    for (std::size_t l = 0; l < results_.states.size(); ++l)
      if (!results_.states[l].empty()) download(states_[l], results_.states[l]);
    if (mean_) download(*mean_, results_.mean);
    if (!results_.energies.empty()) energies(machine_, states_, results_.energies.subspan(first_, states_.rows()));
  }

  void download(const Tensor& from, std::span<float> all) const {
    machine_.backend().download(from, all.subspan(first_ * from.cols(), from.rows() * from.cols()));
  }

  Machine& machine_;
  const ChainOptions& options_;
  ChainResults& results_;
  std::size_t layers_, chunk_, first_ = 0;
  States states_;
  BlockGibbs gibbs_;
  std::optional<LayerData> start_;
  std::optional<Tempering> tempering_;
  std::optional<Moments> moments_;
  TensorPtr mean_;
  struct ClampTensors {
    TensorPtr mask, values;
  };
  std::vector<ClampTensors> clamps_;
  Stream stream_;
};

}  // namespace

void runChains(Machine& machine, const ChainOptions& options, ChainResults& results, const Cancelled& cancelled) {
  validateChains(machine, options);
  if (!results.mean.empty() && machine.wiring().lateral(results.meanLayer))
    throw parameterError("layer '" + machine.wiring().layers()[results.meanLayer].name +
                         "' is coupled to itself: its units have no joint conditional means");
  Run(machine, options, results).run(cancelled);
}

}  // namespace boltzkit
