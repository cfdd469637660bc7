#include "algorithms/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "algorithms/data_columns.hpp"
#include "algorithms/epoch_order.hpp"
#include "algorithms/explosion_guard.hpp"
#include "algorithms/good_states.hpp"
#include "algorithms/gradient.hpp"
#include "algorithms/health.hpp"
#include "algorithms/monitor.hpp"
#include "algorithms/negative/ladder_link.hpp"
#include "algorithms/negative/negative_phase.hpp"
#include "algorithms/normalisable_guard.hpp"
#include "algorithms/parameter_steps.hpp"
#include "algorithms/phases.hpp"
#include "algorithms/posterior.hpp"
#include "algorithms/run_tensors.hpp"
#include "algorithms/saved_state.hpp"
#include "algorithms/start_values.hpp"
#include "algorithms/trainer_options.hpp"
#include "algorithms/unit_guard.hpp"
#include "core/interrupt.hpp"

namespace boltzkit {
namespace {

using Clock = std::chrono::steady_clock;

// Up to so many sweeps an update is not interrupted, and nothing is copied for the case that it is.
constexpr std::uint64_t sweepsAnyoneWaitsFor = 64;

// Of any size: a power of two brings the largest near 1 first, which changes no bit of the others'
// shares.
std::vector<double> meanOne(std::vector<double> weights) {
  const double largest = weights.empty() ? 0 : *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& w : weights) w = std::ldexp(w, -std::ilogb(largest));
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
        guard(m),
        explosion(m),
        units(m),
        scales(options.standardised ? std::make_optional<Scales>(m, data.given()) : std::nullopt),
        tensors(m, options, {steps, *negative, explosion, scales ? &*scales : nullptr, offsets, seen, activity}) {
    if (options.onDivergence) goodStates.emplace(m);
    if (!validationRows.empty()) validation.emplace(m, validationRows, Values::someMissing);
    if (validation && validation->given() != data.given()) throw parameterError("validation rows must be of the same layers as the data");
    if (!rowWeights.empty()) batchWeights = backend.tensor(1, options.batchSize);
    for (std::size_t l = 0; l < m.wiring().layers().size(); ++l) {
      offsets.push_back(backend.tensor(1, m.units(l)));
      seen.push_back(backend.tensor(1, m.units(l)));
      activity.push_back(options.sparsity && !data.given()[l] ? backend.tensor(1, m.units(l)) : nullptr);
    }
    ones = backend.tensor(std::max(options.batchSize, chunkRows), 1);
    backend.fill(1, *ones);
    plan = planMonitoring(options, data, validation ? &*validation : nullptr, summable(m, data.given()));
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

  void inspect(const Cancelled& cancelled) {
    if (columns) return;
    columns.emplace(machine, data, rowWeights, cancelled);
    warnings = columns->warnings();
    if (options.algorithm == TrainerOptions::Algorithm::ptt && options.chains < leastLadderColumns)
      warnings.push_back("no log-likelihood is reported from fewer than " + std::to_string(leastLadderColumns) +
                         " `chains`, this run has " + std::to_string(options.chains) +
                         ": so few lose the machine's modes, which shows in nothing they tell");
  }

  // Precisions of units whose data never move have no likeliest value. In a stream these are units
  // that have always stood at the same value.
  void holdConstants() {
    for (std::size_t l = 0; l < offsets.size(); ++l) {
      std::vector<bool> places = columns->constant(l);
      if (options.stream && !places.empty()) {
        std::vector<double> means(places.size());
        backend.download(*offsets[l], std::span<double>(means));
        for (std::size_t j = 0; j < places.size(); ++j) places[j] = places[j] && columns->alwaysAt(l, j, means[j]);
      }
      units.hold(l, places);
    }
  }

  // Precisions that start from data may leave weights too large for them.
  void checkStart() {
    try {
      guard.check(0, true);
    } catch (const Error& error) {
      throw Error(error.code(), error.what() + columns->remedy());
    }
  }

  void prepare(const Cancelled& cancelled) {
    if (prepared) return holdConstants();
    const StartValues fromData(machine, data, rowWeights, options.initialiseFromData, cancelled);
    for (std::size_t l = 0; l < offsets.size(); ++l) {
      if (!data.given()[l]) continue;
      if (options.initialiseFromData && !options.frozen(l)) fromData.initialise(l);
      if (!options.stream || tensors.freshOffset(l)) backend.fill(0, *seen[l]);
    }
    const Scales::Stream before{offsets, seen};
    if (scales) scales->fromData(data, rowWeights, tensors.freshVariances() ? nullptr : &before, cancelled);
    for (std::size_t l = 0; l < offsets.size(); ++l)
      if (data.given()[l]) fromData.follow(l, *offsets[l], *seen[l]);
    for (std::size_t l = 0; l < offsets.size(); ++l)
      if (!data.given()[l] && tensors.freshOffset(l)) fieldlessMeans(machine, l, *offsets[l]);
    for (std::size_t l = 0; l < activity.size(); ++l)
      if (activity[l] && tensors.freshActivity()) backend.fill(options.sparsity->target, *activity[l]);
    if (scales && tensors.freshVariances()) scales->startOthers();
    checkStart();
    holdConstants();
    explosion.begin();
    if (tensors.freshChains()) negative->start(data);
    if (goodStates) goodStates->begin(0, steps.updates(), tensors.settled());
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
    units.remember();
    if (const auto bad = steps.take(gradient, scales ? &*scales : nullptr, step)) refuse(*bad, "infinite or not a number");
    if (options.centred) gradient.compensate(offsets);
    if (const auto bad = units.check()) {
      if (options.centred) gradient.takeBack();
      steps.forget();
      refuse(*bad, "infinite, or a precision so");
    }
    steps.average(step + 1);
    if (step + 1 == totalSteps) steps.adoptAverage();
    guard.check(step + 1, (step + 1) % stepsPerEpoch == 0);
    if (const States* states = negative->particles(); states && (step + 1) % stepsPerEpoch == 0) requireBoundedStates(machine, *states);
    ++step;
    explosion.check(step, step == totalSteps);
    if (goodStates && step % goodInterval() == 0) goodStates->keep(step, steps.updates(), tensors.settled());
  }

  // The machine stands at its last complete update.
  [[noreturn]] void refuse(const std::string& parameter, const char* what) {
    guard.retreat();
    throw Error(ErrorCode::divergence, "update " + std::to_string(step + 1) + " would make '" + parameter + "' " + what);
  }

  std::uint64_t goodInterval() const { return (updatesPerGoodState + stepsPerEpoch - 1) / stepsPerEpoch * stepsPerEpoch; }

  // An update of many sweeps may end between two of them. It then did not happen: what it had changed is put back.
  void interruptibleUpdate(const Cancelled& cancelled) {
    if (std::max(options.steps, options.positiveSteps) <= sweepsAnyoneWaitsFor) return update();
    if (!undo) undo.emplace(machine);
    undo->begin(step, steps.updates(), tensors.settled());
    const std::vector<std::uint64_t> counters = machine.stepCounters();
    const std::uint64_t shuffled = shuffleStep;
    try {
      const Interruptible here(cancelled);
      update();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::aborted) throw;
      putBack(*undo);
      machine.stepCounters() = counters;
      shuffleStep = shuffled;
      throw;
    }
  }

  // One update, or back to the last good state if it fails and there is one left to try.
  bool advance(const Cancelled& cancelled) {
    try {
      interruptibleUpdate(cancelled);
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::divergence) throw;
      if (!goodStates) throw Error(ErrorCode::divergence, error.what() + columns->remedy());
      fallBack();
      if (rollbacks <= options.onDivergence->retries) return false;
      throw Error(ErrorCode::divergence, std::string(error.what()) + ", and " + std::to_string(options.onDivergence->retries) +
                                             " returns to good states did not help; the machine is that after update " +
                                             std::to_string(step) + columns->remedy());
    }
  }

  void fallBack() {
    putBack(*goodStates);
    goodStates->begin(step, steps.updates(), tensors.settled());
    guard.check(step, true);
    setRollbacks(rollbacks + 1);
  }

  void putBack(const GoodStates& states) {
    const GoodStates::State& good = states.good();
    std::vector<std::string> names;
    for (const auto& [name, tensor] : good.tensors) names.push_back(name);
    negative->makeRoomFor(names);
    states.putBack(tensors.all());
    negative->restored();
    step = good.step;
    steps.setUpdates(good.updates);
    order.clear();
  }

  void setRollbacks(std::uint64_t n) {
    rollbacks = n;
    if (options.onDivergence) steps.setRateFactor(std::pow(options.onDivergence->factor, static_cast<double>(n)));
  }

  void addPositive(double each) {
    bool first = true;
    auto add = [&](const Phase& phase, const Tensor* weights, Gradient::Lasts lasts) {
      gradient.accumulate(phase, weights, each, first, lasts);
      if (scales) scales->add(phase, weights, each, offsets);
      first = false;
    };
    if (!posterior) return add(positive.phase(), batchWeights.get(), Gradient::Lasts::step);
    posterior->forEach(positive.phase().states, batchWeights.get(),
                       [&](const Phase& phase, const Tensor& weights) { add(phase, &weights, Gradient::Lasts::call); });
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
    inspect(cancelled);
    prepare(cancelled);
    auto began = Clock::now();
    while (step < std::min(until, totalSteps)) {
      throwIfCancelled(cancelled);
      const bool complete = advance(cancelled);
      if (onStep) onStep(step);
      if (!complete || step % stepsPerEpoch != 0) continue;
      epochSeconds += std::chrono::duration<double>(Clock::now() - began).count();
      if (onEpoch) onEpoch(report());
      epochSeconds = 0;
      began = Clock::now();
    }
    epochSeconds += std::chrono::duration<double>(Clock::now() - began).count();
  }

  EpochReport report() {
    const LayerData* watched = validation ? &*validation : nullptr;
    const Metrics m = Monitor(machine, data, watched, plan.rows, options.positiveSteps, rowWeights).measure(negative->particles());
    EpochReport report;
    report.warnings = warnings;
    report.epoch = step / stepsPerEpoch;
    report.step = step;
    report.seconds = epochSeconds;
    report.learningRate = steps.learningRate(step - 1);
    report.pseudoLikelihood = m.pseudoLikelihood;
    report.freeEnergyGap = m.freeEnergyGap;
    report.chainFreeEnergyGap = m.chainFreeEnergyGap;
    report.weightNorm = m.weightNorm;
    report.rollbacks = rollbacks;
    if (plan.looksAfter(report.epoch, options.epochs))
      report.health = HealthCheck(machine, data, rowWeights, plan.chains).measure(negative->particles());
    if (std::isfinite(m.meanFreeEnergy) && !(watched ? *watched : data).anyMissing())
      report.logLikelihood = logLikelihood(m, report.warnings);
    return report;
  }

  // log Z of a machine whose rows can be counted is not below what one of them weighs, for none is
  // likelier than 1.
  std::optional<Estimate> logLikelihood(const Metrics& m, std::vector<std::string>& said) {
    const std::optional<Estimate> logZ = negative->logPartition();
    if (!logZ) return std::nullopt;
    Estimate e{-m.meanFreeEnergy - logZ->value, -m.meanFreeEnergy - logZ->high, -m.meanFreeEnergy - logZ->low};
    const double most = discrete() ? m.lowestFreeEnergy - m.meanFreeEnergy : std::numeric_limits<double>::infinity();
    if (e.low <= most) return Estimate{std::min(e.value, most), e.low, std::min(e.high, most)};
    said.push_back(
        "the chains' log-likelihood is " + decimal(e.value) + " nats, the rows allow for at most " + decimal(most) +
        ": the chains have lost the machine's modes, and the number is left out; more `chains` or a lower rate let them keep up");
    return std::nullopt;
  }

  // Whether the rows of all layers with data have finitely many states.
  bool discrete() const {
    for (std::size_t l = 0; l < data.given().size(); ++l)
      if (data.given()[l] && statesOfUnit(machine.wiring().layers()[l]) == 0) return false;
    return true;
  }

  // --- state -----------------------------------------------------------------------------------------------------------

  TrainerState state() {
    TrainerState s;
    tensors.save(s, prepared);
    s.counters = {{"step", step},
                  {"totalSteps", totalSteps},
                  {"rows", data.rows()},
                  {"batchSize", options.batchSize},
                  {"shuffleStep", shuffleStep},
                  {"prepared", prepared ? 1u : 0u},
                  {"updates", steps.updates()},
                  {"rollbacks", rollbacks}};
    if (goodStates && prepared) goodStates->save(s);
    return s;
  }

  void restore(const TrainerState& s, bool resume) {
    if (resume) requireSameRun(s, totalSteps, data.rows(), options.batchSize);
    tensors.restore(s, resume);
    if (resume || sameOptimiser(s, options)) steps.setUpdates(counter(s, "updates"));
    if (!resume) return;
    step = counter(s, "step");
    shuffleStep = counter(s, "shuffleStep");
    prepared = counter(s, "prepared") != 0;
    setRollbacks(s.counters.contains("rollbacks") ? counter(s, "rollbacks") : 0);
    if (goodStates && prepared) goodStates->load(s);
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
  ExplosionGuard explosion;
  UnitGuard units;
  std::optional<DataColumns> columns;  // once the run goes on
  std::vector<std::string> warnings;   // about the run as a whole
  std::optional<GoodStates> goodStates, undo;
  MonitorPlan plan;
  std::optional<Scales> scales;
  std::vector<TensorPtr> offsets, activity;  // [1, units] per layer; activity null without a sparsity target
  std::vector<TensorPtr> seen;               // [1, units] per layer: how many values the offsets of layers with data stand for
  RunTensors tensors;
  TensorPtr batchWeights, ones;

  std::uint64_t step = 0, shuffleStep = 0, rollbacks = 0;
  std::vector<std::uint32_t> order;
  double epochSeconds = 0;
  bool prepared = false;
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
