// sample(): block Gibbs chains for a user, with clamped units and start states. Chunks of chains run one after the other, all their
// sweeps long, because a chunk's states stay in cache; the chain's number, not its chunk, picks its random words.
#include <algorithm>
#include <cmath>
#include <optional>

#include "algorithms/inference.hpp"
#include "algorithms/row_chunks.hpp"
#include "core/checked.hpp"

namespace boltzkit {
namespace {

struct ClampTensors {
  TensorPtr mask, values;
};

class Sampler {
 public:
  Sampler(Machine& machine, const SampleOptions& options)
      : machine_(machine), options_(options), layers_(machine.wiring().layers().size()) {
    validate();
    if (!options.start.empty()) start_.emplace(machine, options.start);
    if (start_ && start_->rows() != options.chains)
      throw shapeError("start states must have " + std::to_string(options.chains) + " rows (chains), got " +
                       std::to_string(start_->rows()));
    stream_ = {machine.seed(), Purpose::sample, 0, machine.nextStep(Purpose::sample, options.steps + 1)};
  }

  std::vector<float> run(const Cancelled& cancelled) {
    const std::size_t width = machine_.units(options_.layer), chunk = std::min(chunkRows, options_.chains);
    std::vector<float> result(checkedMultiply(options_.chains, width));
    States states(machine_, chunk);
    BlockGibbs gibbs(machine_, std::vector<bool>(layers_, false), chunk);
    TensorPtr mean = options_.output == Draw::mean ? machine_.backend().tensor(chunk, width) : nullptr;
    for (std::size_t first = 0; first < options_.chains; first += chunk) {
      const std::size_t n = std::min(chunk, options_.chains - first);
      states.setRows(n);
      if (mean) mean->setRows(n);
      loadClamps(first, n);
      begin(gibbs, states, first, mean.get());
      for (std::uint64_t s = 1; s <= options_.steps; ++s) {
        throwIfCancelled(cancelled);
        sweep(gibbs, states, first, s, s == options_.steps ? mean.get() : nullptr);
      }
      machine_.backend().download(mean ? *mean : states[options_.layer], std::span(result).subspan(first * width, n * width));
    }
    return result;
  }

 private:
  void validate() const {
    if (options_.chains == 0 || options_.chains > 0xffffffffu) throw parameterError("chains must be 1 to 4294967295");
    if (!(options_.beta >= 0) || !std::isfinite(options_.beta)) throw parameterError("beta must be a finite number >= 0");
    if (options_.layer >= layers_) throw parameterError("there is no layer number " + std::to_string(options_.layer));
    if (options_.steps >= maxStreamStep) throw parameterError("steps must be below 2^48");
    for (const SampleOptions::Clamp& c : options_.clamps) {
      if (c.layer >= layers_) throw parameterError("there is no layer number " + std::to_string(c.layer));
      for (const std::vector<float>* v : {&c.mask, &c.values})
        if (v->size() != machine_.units(c.layer) && v->size() != checkedMultiply(options_.chains, machine_.units(c.layer)))
          throw shapeError("a clamp needs one row or one per chain of " + std::to_string(machine_.units(c.layer)) + " units, got " +
                           std::to_string(v->size()) + " values");
      const Layer& layer = machine_.wiring().layers()[c.layer];
      const UnitDomain domain = visitUnit(layer.type, [&](auto unit) { return decltype(unit)::domain(layer.size); });
      for (float value : c.values)
        if (!(value >= domain.low && value <= domain.high))
          throw parameterError("clamped values must lie in [" + std::to_string(domain.low) + ", " + std::to_string(domain.high) +
                               "], got " + std::to_string(value));
    }
  }

  Tensor& upload(const std::vector<float>& values, std::size_t units, std::size_t first, std::size_t n, TensorPtr& tensor) const {
    const std::size_t rows = values.size() == units ? 1 : n;
    if (!tensor || tensor->capacity() < rows) tensor = machine_.backend().tensor(rows, units);
    tensor->setRows(rows);
    machine_.backend().upload(std::span(values).subspan(rows == 1 && values.size() == units ? 0 : first * units, rows * units), *tensor);
    return *tensor;
  }

  void loadClamps(std::size_t first, std::size_t n) {
    clamps_.resize(options_.clamps.size());
    for (std::size_t i = 0; i < clamps_.size(); ++i) {
      const SampleOptions::Clamp& c = options_.clamps[i];
      upload(c.mask, machine_.units(c.layer), first, n, clamps_[i].mask);
      upload(c.values, machine_.units(c.layer), first, n, clamps_[i].values);
    }
  }

  void clamp(std::size_t layer, Tensor& states) const {
    for (std::size_t i = 0; i < clamps_.size(); ++i)
      if (options_.clamps[i].layer == layer) machine_.backend().clamp(*clamps_[i].mask, *clamps_[i].values, states);
  }

  // Start states, then the layers without any, each drawn given those that already have states.
  void begin(BlockGibbs& gibbs, States& states, std::size_t first, Tensor* mean) {
    std::vector<bool> ready(layers_, false);
    if (start_) {
      std::vector<std::uint32_t> rows(states.rows());
      for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = static_cast<std::uint32_t>(first + r);
      start_->gather(rows, states);
      ready = start_->given();
    }
    for (std::size_t l = 0; l < layers_; ++l) {
      if (!ready[l]) {
        for (std::size_t other = 0; other < layers_; ++other)
          if (!ready[other]) machine_.backend().fill(0, states[other]);  // a layer without states exerts no field
        update(gibbs, l, states, first, 0, nullptr);
        ready[l] = true;
      }
      clamp(l, states[l]);
      if (mean && l == options_.layer) machine_.backend().axpby(1, states[l], 0, *mean);
    }
  }

  void sweep(BlockGibbs& gibbs, States& states, std::size_t first, std::uint64_t step, Tensor* mean) {
    for (const std::vector<std::size_t>& block : gibbs.blocks())
      for (std::size_t layer : block) {
        Tensor* wanted = layer == options_.layer ? mean : nullptr;
        update(gibbs, layer, states, first, step, wanted);
        clamp(layer, states[layer]);
        if (wanted) clamp(layer, *wanted);
      }
  }

  void update(BlockGibbs& gibbs, std::size_t layer, States& states, std::size_t first, std::uint64_t step, Tensor* mean) {
    Stream stream = stream_;
    stream.step += step;
    gibbs.update(layer, states, {stream, static_cast<std::uint32_t>(first), options_.beta}, mean, &states[layer]);
  }

  Machine& machine_;
  const SampleOptions& options_;
  std::size_t layers_;
  std::optional<LayerData> start_;
  std::vector<ClampTensors> clamps_;
  Stream stream_;
};

}  // namespace

std::vector<float> sample(Machine& machine, const SampleOptions& options, const Cancelled& cancelled) {
  return Sampler(machine, options).run(cancelled);
}

}  // namespace boltzkit
