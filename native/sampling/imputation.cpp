#include "sampling/imputation.hpp"

#include <algorithm>
#include <numeric>

#include "core/checked.hpp"
#include "core/progress.hpp"
#include "machine/normalisable.hpp"
#include "sampling/completion.hpp"

namespace boltzkit {
namespace {

class Imputer {
 public:
  Imputer(Machine& machine, const ImputeOptions& options)
      : machine_(machine),
        options_(options),
        data_(machine, options.given, Values::someMissing),
        chunk_(std::min(chunkRows, data_.rows())),
        completion_(machine, data_, chunk_, {false, Accuracy::full}),
        states_(machine, chunk_),
        means_(data_.given().size()),
        averages_(data_.given().size()) {
    validate();
    requireNormalisable(machine);
    if (std::all_of(options.layers.begin(), options.layers.end(), [&](std::size_t l) { return direct(l); })) warmup_ = 0, steps_ = 1;
    stream_ = machine.random().next(Purpose::conditional, warmup_ + steps_ + completion_.loadSteps());
    if (options.output != Draw::mean) return;
    for (const std::size_t l : options.layers) {
      if (data_.complete()[l]) continue;
      means_[l] = machine.backend().tensor(chunk_, machine.places(l));
      averages_[l] = machine.backend().tensor(chunk_, machine.places(l));
    }
  }

  std::vector<std::vector<float>> run(const Cancelled& cancelled) {
    std::vector<std::vector<float>> results;
    for (const std::size_t l : options_.layers) results.emplace_back(checkedMultiply(data_.rows(), machine_.places(l)));
    for (std::size_t first = 0; first < data_.rows(); first += chunk_) {
      const std::size_t rows = std::min(chunk_, data_.rows() - first);
      const double all = static_cast<double>(data_.rows());
      const Progress part(static_cast<double>(first) / all, static_cast<double>(first + rows) / all);
      sweepChunk(first, rows, cancelled);
      for (std::size_t i = 0; i < results.size(); ++i) {
        const std::size_t l = options_.layers[i], width = machine_.places(l);
        const Tensor& from = averages_[l] ? *averages_[l] : states_[l];
        machine_.backend().download(from, std::span(results[i]).subspan(first * width, from.rows() * width));
      }
    }
    return results;
  }

 private:
  void validate() const {
    for (const std::size_t l : options_.layers) requireLayer(machine_.wiring(), l);
    if (options_.steps == 0) throw parameterError("sweeps must be at least 1");
    if (options_.warmup >= maxStreamStep - 1 || options_.steps >= maxStreamStep - 1 - options_.warmup)
      throw parameterError("warmup and sweeps must be below 2^48 together");
  }

  // True if all layers that this layer is coupled to are complete.
  bool direct(std::size_t layer) const {
    if (data_.complete()[layer]) return true;
    for (std::size_t other = 0; other < means_.size(); ++other)
      // `coupled` includes lateral couplings.
      if (!data_.complete()[other] && machine_.wiring().coupled(layer, other)) return false;
    return true;
  }

  void sweepChunk(std::size_t first, std::size_t rows, const Cancelled& cancelled) {
    std::vector<std::uint32_t> numbers(rows);
    std::iota(numbers.begin(), numbers.end(), static_cast<std::uint32_t>(first));
    states_.setRows(rows);
    for (auto* tensors : {&means_, &averages_})
      for (const TensorPtr& tensor : *tensors)
        if (tensor) tensor->setRows(rows);
    Round round{stream_, static_cast<std::uint32_t>(first)};
    const OrderPtr order = machine_.backend().order(std::move(numbers));
    completion_.load({order.get(), 0, rows}, states_, round);
    round.stream.step += completion_.loadSteps();
    for (std::uint64_t s = 0; s < warmup_ + steps_; ++s, ++round.stream.step) {
      throwIfCancelled(cancelled);
      Progress::report(static_cast<double>(s), static_cast<double>(warmup_ + steps_));
      if (s < warmup_)
        completion_.gibbs().sweep(states_, round);
      else
        averagedSweep(round, s == warmup_);
    }
    requireBoundedStates(machine_, states_);
    for (std::size_t l = 0; l < averages_.size(); ++l)
      if (averages_[l]) completion_.gibbs().restoreKept(l, *averages_[l]);  // sums round
  }

  void averagedSweep(const Round& round, bool begin) {
    BlockGibbs& gibbs = completion_.gibbs();
    for (const std::vector<std::size_t>& block : gibbs.blocks())
      for (const std::size_t l : block) {
        const bool lateral = machine_.wiring().lateral(l) != nullptr;
        gibbs.update(l, states_, round, lateral ? nullptr : means_[l].get(), &states_[l]);
        if (!means_[l]) continue;
        if (lateral) unitMeans(l);
        machine_.backend().axpby(1.0 / static_cast<double>(steps_), *means_[l], begin ? 0 : 1, *averages_[l]);
      }
  }

  // For a layer that is coupled to itself: the mean of each unit given the current states of all
  // others.
  void unitMeans(std::size_t layer) {
    if (!fields_ || fields_->cols() != machine_.places(layer)) fields_ = machine_.backend().tensor(chunk_, machine_.places(layer));
    fields_->setRows(states_.rows());
    unitFields(machine_, layer, states_, *fields_);
    UnitUpdate update{machine_.unitsOf(layer)};
    update.before = &states_[layer];
    machine_.backend().updateUnits(update, *fields_, means_[layer].get(), nullptr);
  }

  Machine& machine_;
  const ImputeOptions& options_;
  LayerData data_;
  std::size_t chunk_;
  Completion completion_;
  States states_;
  // Set for requested layers that are not complete, if the output is means; otherwise null.
  std::vector<TensorPtr> means_, averages_;
  TensorPtr fields_;
  std::uint64_t warmup_ = options_.warmup, steps_ = options_.steps;
  Stream stream_;
};

}  // namespace

std::vector<std::vector<float>> impute(Machine& machine, const ImputeOptions& options, const Cancelled& cancelled) {
  return Imputer(machine, options).run(cancelled);
}

}  // namespace boltzkit
