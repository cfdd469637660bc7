#include "algorithms/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "algorithms/epoch_order.hpp"
#include "algorithms/gradient.hpp"
#include "algorithms/monitor.hpp"
#include "algorithms/negative/negative_phase.hpp"
#include "algorithms/normalisable_guard.hpp"
#include "algorithms/parameter_steps.hpp"
#include "algorithms/phases.hpp"
#include "algorithms/posterior.hpp"
#include "algorithms/saved_state.hpp"
#include "algorithms/start_values.hpp"
#include "algorithms/trainer_options.hpp"

namespace boltzkit {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<double> meanOne(std::vector<double> weights) {
  double sum = 0;
  for (double w : weights) sum += w;
  for (double& w : weights) w *= static_cast<double>(weights.size()) / sum;
  return weights;
}

}  // namespace

struct Trainer::Impl {
  Impl(Machine& m, TrainerOptions o, const std::vector<LayerRows>& rows, const std::vector<LayerRows>& validationRows,
       std::vector<double> sampleWeights)
      : machine(m),
        backend(m.backend()),
        options(std::move(o)),
        data(m, rows, Values::someMissing),
        stepsPerEpoch(validated()),
        totalSteps(stepsPerEpoch * options.epochs),
        rowWeights(meanOne(std::move(sampleWeights))),
        positive(m, data, options.batchSize, options.positiveSteps, options.meanFieldPositive, options.dynamicBinarisation),
        posterior(exactPosterior(m, options, data)),
        negative(makeNegativePhase(m, options, data)),
        gradient(m, heldLayers()),
        steps(m, options, totalSteps),
        guard(m) {
    if (options.standardised) scales.emplace(m, data.given());
    if (!validationRows.empty()) validation.emplace(m, validationRows, Values::someMissing);
    if (validation && validation->given() != data.given()) throw parameterError("validation rows must be of the same layers as the data");
    if (!rowWeights.empty()) batchWeights = backend.tensor(1, options.batchSize);
    for (std::size_t l = 0; l < m.wiring().layers().size(); ++l) {
      offsets.push_back(backend.tensor(1, m.units(l)));
      activity.push_back(options.sparsity && !data.given()[l] ? backend.tensor(1, m.units(l)) : nullptr);
    }
    ones = backend.tensor(std::max(options.batchSize, chunkRows), 1);
    backend.fill(1, *ones);
  }

  std::uint64_t validated() const {
    validateOptions(options, data.rows(), machine.parameters().size());
    if (options.dynamicBinarisation) requireBernoulli();
    return (data.rows() + options.batchSize - 1) / options.batchSize;
  }

  void requireBernoulli() const {
    const std::vector<Layer>& layers = machine.wiring().layers();
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (data.given()[l] && layers[l].type == UnitType::bernoulli) return;
    throw parameterError("`dynamicBinarisation` needs rows of a layer of Bernoulli units");
  }

  std::vector<bool> heldLayers() const {
    std::vector<bool> held;
    for (std::size_t l = 0; l < machine.wiring().layers().size(); ++l) held.push_back(options.frozen(l));
    return held;
  }

  // --- before the first update of a run --------------------------------------------------------------------------------

  void prepare(const Cancelled& cancelled) {
    if (prepared) return;
    const StartValues fromData(machine, data, rowWeights, options.initialiseFromData, cancelled);
    for (std::size_t l = 0; l < offsets.size(); ++l) {
      if (data.given()[l] && options.initialiseFromData && !options.frozen(l)) fromData.initialise(l);
      if (data.given()[l]) fromData.offset(l, *offsets[l]);
    }
    for (std::size_t l = 0; l < offsets.size(); ++l)
      if (!data.given()[l] && freshOffsets[l]) fieldlessMeans(machine, l, *offsets[l]);
    for (std::size_t l = 0; l < activity.size(); ++l)
      if (activity[l] && freshActivity) backend.fill(options.sparsity->target, *activity[l]);
    if (scales) scales->fromData(data, rowWeights, cancelled);
    if (scales && freshVariances) scales->startOthers();
    guard.check(0, true);
    if (freshChains) negative->start(data);
    prepared = true;
  }

  // --- one update ------------------------------------------------------------------------------------------------------

  void update() {
    const std::span<const std::uint32_t> rows = batch();
    const double n = static_cast<double>(rows.size());
    loadWeights(rows);
    positive.run(rows, negative->startsAtData());
    addPositive(1 / n);
    trackMeans();
    negative->subtract(positive.phase(), batchWeights.get(), gradient);
    if (options.centred) gradient.centre(offsets);
    gradient.tidyLateral();
    addSparsity();
    if (const auto bad = steps.take(gradient, scales ? &*scales : nullptr, step)) {
      guard.retreat();
      throw Error(ErrorCode::divergence, "update " + std::to_string(step + 1) + " would make '" + *bad + "' infinite or not a number");
    }
    if (options.centred) gradient.compensate(offsets);
    steps.average(step + 1);
    if (step + 1 == totalSteps) steps.adoptAverage();
    guard.check(step + 1, (step + 1) % stepsPerEpoch == 0);
    ++step;
  }

  void addPositive(double each) {
    bool first = true;
    auto add = [&](const Phase& phase, const Tensor* weights) {
      gradient.accumulate(phase, weights, each, first);
      if (scales) scales->add(phase, weights, each, offsets);
      first = false;
    };
    if (!posterior) return add(positive.phase(), batchWeights.get());
    posterior->forEach(positive.phase().states, batchWeights.get(),
                       [&](const Phase& phase, const Tensor& weights) { add(phase, &weights); });
  }

  std::span<const std::uint32_t> batch() {
    const std::uint64_t index = step % stepsPerEpoch;
    if (index == 0) shuffleStep = machine.nextStep(Purpose::shuffle);
    if (index == 0 || order.empty()) order = epochOrder({machine.seed(), Purpose::shuffle, 0, shuffleStep}, data.rows(), options.shuffle);
    const std::size_t first = index * options.batchSize;
    return std::span(order).subspan(first, std::min(options.batchSize, data.rows() - first));
  }

  void loadWeights(std::span<const std::uint32_t> rows) {
    if (!batchWeights) return;
    std::vector<double> weights(rows.size());
    for (std::size_t r = 0; r < rows.size(); ++r) weights[r] = rowWeights[rows[r]];
    batchWeights = backend.tensor(1, weights.size());
    backend.upload(std::span<const double>(weights), *batchWeights);
  }

  // Running means of the layers without data, from this batch's positive phase: centring offsets and activities.
  void trackMeans() {
    if (scales) {
      scales->follow(options.offsetRate);
      scales->update();
    }
    for (std::size_t l = 0; l < offsets.size(); ++l) {
      if (data.given()[l]) continue;
      const Tensor& mean = gradient.meanDifference(l);  // so far of the positive phase alone
      if (options.centred) backend.axpby(options.offsetRate, mean, 1 - options.offsetRate, *offsets[l]);
      if (activity[l]) backend.axpby(options.sparsity->rate, mean, 1 - options.sparsity->rate, *activity[l]);
    }
  }

  // d/d bias of -weight / 2 * (activity - target)^2, the mean's own slope left out as in Lee, Ekanadham & Ng 2008.
  void addSparsity() {
    for (std::size_t l = 0; l < activity.size(); ++l) {
      if (!activity[l]) continue;
      const TensorPtr target = backend.tensor(1, machine.units(l));
      backend.fill(options.sparsity->target, *target);
      backend.axpby(options.sparsity->weight, *target, 1, gradient.units(l));
      backend.axpby(-options.sparsity->weight, *activity[l], 1, gradient.units(l));
    }
  }

  // --- the run ---------------------------------------------------------------------------------------------------------

  void run(std::uint64_t until, const Cancelled& cancelled, const std::function<void(const EpochReport&)>& onEpoch,
           const std::function<void(std::uint64_t)>& onStep) {
    prepare(cancelled);
    auto began = Clock::now();
    while (step < std::min(until, totalSteps)) {
      throwIfCancelled(cancelled);
      update();
      if (onStep) onStep(step);
      if (step % stepsPerEpoch != 0) continue;
      epochSeconds += std::chrono::duration<double>(Clock::now() - began).count();
      if (onEpoch) onEpoch(report());
      epochSeconds = 0;
      began = Clock::now();
    }
    epochSeconds += std::chrono::duration<double>(Clock::now() - began).count();
  }

  EpochReport report() {
    const Metrics m = Monitor(machine, data, validation ? &*validation : nullptr, options.monitorRows, options.positiveSteps)
                          .measure(negative->particles());
    return {step / stepsPerEpoch, step,        epochSeconds, steps.learningRate(step - 1), m.pseudoLikelihood, m.freeEnergyGap,
            m.chainFreeEnergyGap, m.weightNorm};
  }

  // --- state -----------------------------------------------------------------------------------------------------------

  // Every tensor of the run's state by name.
  std::map<std::string, Tensor*> tensors() {
    std::map<std::string, Tensor*> all = steps.tensors();
    all.merge(negative->tensors());
    if (scales) all.merge(scales->tensors());
    const std::vector<Layer>& layers = machine.wiring().layers();
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (options.centred) all["offset/" + layers[l].name] = offsets[l].get();
      if (activity[l]) all["activity/" + layers[l].name] = activity[l].get();
    }
    return all;
  }

  TrainerState state() {
    TrainerState s;
    for (const auto& [name, tensor] : tensors()) {
      if (blank(name)) continue;
      TrainerState::Saved saved{tensor->rows(), tensor->cols(), std::vector<double>(tensor->rows() * tensor->cols())};
      backend.download(*tensor, std::span<double>(saved.values));
      s.tensors.emplace(name, std::move(saved));
    }
    s.counters = {{"step", step},
                  {"totalSteps", totalSteps},
                  {"rows", data.rows()},
                  {"batchSize", options.batchSize},
                  {"shuffleStep", shuffleStep},
                  {"prepared", prepared ? 1u : 0u},
                  {"updates", steps.updates()}};
    return s;
  }

  void restore(const TrainerState& s, bool resume) {
    if (resume) requireSameRun(s, totalSteps, data.rows(), options.batchSize);
    const bool complete = resume && counter(s, "prepared") != 0;
    const bool keepsOptimiser = resume || usedAdam(s) == (options.optimiser.kind == OptimiserStep::Kind::adam);
    const std::map<std::string, Tensor*> chainTensors = negative->tensors();
    std::size_t restoredChains = 0;
    for (const auto& [name, tensor] : tensors()) {
      const auto saved = s.tensors.find(name);
      if (saved == s.tensors.end() || !fits(saved->second, *tensor)) {
        if (complete) throw parameterError("cannot resume: '" + name + "' is missing from the training state or has another shape");
        continue;
      }
      if (!resume && name.starts_with("average/")) continue;
      if (!keepsOptimiser && (name.starts_with("velocity/") || name.starts_with("second/"))) continue;
      backend.upload(std::span<const double>(saved->second.values), *tensor);
      markRestored(name);
      restoredChains += chainTensors.count(name);
    }
    freshChains = restoredChains < chainTensors.size();
    if (keepsOptimiser) steps.setUpdates(counter(s, "updates"));
    if (!resume) return;
    step = counter(s, "step");
    shuffleStep = counter(s, "shuffleStep");
    prepared = counter(s, "prepared") != 0;
  }

  // Whether a tensor holds nothing yet, because the run was stopped before it was prepared and no earlier run had left anything in it.
  // Such a tensor is not part of the state: it would be taken for chains (offsets, activities) that had begun.
  bool blank(const std::string& name) const {
    if (prepared) return false;
    const std::vector<Layer>& layers = machine.wiring().layers();
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (name == "offset/" + layers[l].name) return freshOffsets[l];
    return (negative->tensors().contains(name) && freshChains) || (name.starts_with("variance/") && freshVariances) ||
           (name.starts_with("activity/") && freshActivity);
  }

  void markRestored(const std::string& name) {
    const std::vector<Layer>& layers = machine.wiring().layers();
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (name == "offset/" + layers[l].name) freshOffsets[l] = false;
    if (name.starts_with("variance/")) freshVariances = false;
    if (name.starts_with("activity/")) freshActivity = false;
  }

  Machine& machine;
  Backend& backend;
  TrainerOptions options;
  LayerData data;
  std::optional<LayerData> validation;
  std::uint64_t stepsPerEpoch, totalSteps;
  std::vector<double> rowWeights;
  PositivePhase positive;
  std::unique_ptr<EnumeratedPhase> posterior;  // in place of the positive phase's own statistics, or null
  std::unique_ptr<NegativePhase> negative;
  Gradient gradient;
  ParameterSteps steps;
  NormalisableGuard guard;
  std::optional<Scales> scales;
  std::vector<TensorPtr> offsets, activity;  // [1, units] per layer; activity null without a sparsity target
  TensorPtr batchWeights, ones;

  std::uint64_t step = 0, shuffleStep = 0;
  std::vector<std::uint32_t> order;
  double epochSeconds = 0;
  bool prepared = false, freshChains = true, freshActivity = true, freshVariances = true;
  std::vector<bool> freshOffsets = std::vector<bool>(machine.wiring().layers().size(), true);
};

Trainer::Trainer(Machine& machine, TrainerOptions options, std::vector<LayerRows> data, std::vector<LayerRows> validation,
                 std::vector<double> rowWeights, const TrainerState* state, bool resume) {
  validateWeights(rowWeights, data);
  impl_ = std::make_unique<Impl>(machine, std::move(options), data, validation, std::move(rowWeights));
  if (resume && !state) throw parameterError("there is no interrupted run to resume");
  if (state) impl_->restore(*state, resume);
}

Trainer::~Trainer() = default;
std::uint64_t Trainer::totalSteps() const { return impl_->totalSteps; }
std::uint64_t Trainer::stepsPerEpoch() const { return impl_->stepsPerEpoch; }
std::uint64_t Trainer::step() const { return impl_->step; }
TrainerState Trainer::state() const { return impl_->state(); }

void Trainer::run(std::uint64_t untilStep, const Cancelled& cancelled, const std::function<void(const EpochReport&)>& onEpoch,
                  const std::function<void(std::uint64_t)>& onStep) {
  impl_->run(untilStep, cancelled, onEpoch, onStep);
}

}  // namespace boltzkit
