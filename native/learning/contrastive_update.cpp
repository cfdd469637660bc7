#include "learning/contrastive_update.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "learning/data_columns.hpp"
#include "learning/explosion_guard.hpp"
#include "learning/gradient.hpp"
#include "learning/monitor_plan.hpp"
#include "learning/negative/ladder_link.hpp"
#include "learning/negative/negative_phase.hpp"
#include "learning/normalisable_guard.hpp"
#include "learning/parameter_steps.hpp"
#include "learning/phases.hpp"
#include "learning/posterior.hpp"
#include "learning/scales.hpp"
#include "learning/start_values.hpp"
#include "learning/step_ledger.hpp"
#include "learning/unit_guard.hpp"
#include "monitoring/health.hpp"
#include "monitoring/monitor.hpp"
#include "monitoring/none.hpp"

namespace boltzkit {
namespace {

class ContrastiveUpdate final : public Update {
 public:
  ContrastiveUpdate(Machine& machine, const TrainerOptions& options, const std::vector<LayerRows>& rows,
                    const std::vector<LayerRows>& validationRows, std::vector<double> rowWeights)
      : machine_(machine),
        backend_(machine.backend()),
        options_(options),
        data_(machine, rows, Values::someMissing),
        layers_(validated()),
        rowWeights_(meanOne(std::move(rowWeights))),
        positive_(machine, data_, options.batchSize, options.positiveSteps, options.meanFieldPositive, options.dynamicBinarisation),
        posterior_(exactPosterior(machine, options_, data_)),
        negative_(makeNegativePhase(machine, options_, data_)),
        gradient_(machine, heldLayers()),
        steps_(backend_, machine.parameters(), options_),
        guard_(machine, frozenParameters()),
        explosion_(machine),
        units_(machine),
        scales_(options.standardised ? std::make_optional<Scales>(machine, data_.given()) : std::nullopt) {
    if (!validationRows.empty()) validation_.emplace(machine, validationRows, Values::someMissing);
    if (validation_ && validation_->given() != data_.given())
      throw parameterError("validation rows must be of the same layers as the data");
    if (!rowWeights_.empty()) {
      allWeights_ = backend_.tensor(1, rowWeights_.size());
      batchWeights_ = backend_.tensor(1, options_.batchSize);
      backend_.upload(std::span<const double>(rowWeights_), *allWeights_);
    }
    for (std::size_t l = 0; l < layers_; ++l) {
      offsets_.push_back(backend_.tensor(1, machine.places(l)));
      centres_.push_back(offsets_[l].get());
      seen_.push_back(backend_.tensor(1, machine.places(l)));
      const bool sparse = options_.sparsity && !data_.given()[l];
      activity_.push_back(sparse ? backend_.tensor(1, machine.places(l)) : nullptr);
      targets_.push_back(sparse ? backend_.tensor(1, machine.places(l)) : nullptr);
      if (sparse) backend_.fill(options_.sparsity->target, *targets_[l]);
    }
    fresh_.offsets = std::make_unique<bool[]>(layers_);
    std::fill_n(fresh_.offsets.get(), layers_, true);
    plan_ = planMonitoring(options_, machine, data_, validation_ ? &*validation_ : nullptr);
  }

  Backend& backend() override { return backend_; }
  RandomSteps& random() override { return machine_.random(); }
  std::size_t rows() const override { return data_.rows(); }
  std::vector<NamedTensor> parameters() override { return machine_.parameters(); }
  bool frozen(std::size_t parameter) const override { return options_.frozen(parameter); }
  bool prepared() const override { return prepared_; }
  bool takesLong() const override { return std::max(options_.steps, options_.positiveSteps) > sweepsAnyoneWaitsFor; }

  void prepare(const Cancelled& cancelled) override {
    inspect(cancelled);
    readColumns(cancelled);
    holdConstants();
    if (prepared_) return;
    explosion_.begin();
    if (fresh_.chains) negative_->start(data_);
    prepared_ = true;
  }

  void take(const Batch& batch, std::uint64_t step) override {
    ledger_.begin(step, steps_.updates());
    if (batchWeights_) backend_.gatherColumns(*allWeights_, batch, *batchWeights_);
    positive_.run(batch, negative_->startsAtData());
    addPositive(1 / static_cast<double>(batch.count));
    trackMeans();
    negative_->subtract(positive_.phase(), batchWeights_.get(), gradient_);
    if (options_.centred) gradient_.centre(centres_);
    gradient_.symmetrise();
    addSparsity();
    units_.remember(ledger_.outcome());
    steps_.take(slots(), step, ledger_.outcome());
    if (ledger_.due(step)) requireAccepted();
    if (options_.centred) gradient_.compensate(machine_, centres_);
    units_.check(slots_.size(), ledger_.outcome());
    if (options_.centred) gradient_.takeBack(machine_, ledger_.outcome());
    if (ledger_.due(step)) requireAccepted();
  }

  void check(std::uint64_t step, bool endOfEpoch) override {
    if (endOfEpoch) requireAccepted();
    guard_.check(step, endOfEpoch);
    if (!endOfEpoch) return;
    if (const States* states = negative_->particles()) requireBoundedStates(machine_, *states);
  }

  void watch(std::uint64_t step, bool last) override { explosion_.check(step, last); }

  void measure(EpochReport& report) override {
    const LayerData* watched = validation_ ? &*validation_ : nullptr;
    const Monitor::Settings settings{plan_.rows, plan_.units, options_.positiveSteps, options_.given};
    const Metrics m = Monitor(machine_, data_, watched, settings, rowWeights_, independent_).measure(negative_->particles());
    MachineReport of;
    report.warnings = warnings_;
    report.learningRate = steps_.learningRate(report.step - 1);
    report.weightNorm = m.weightNorm;
    of.pseudoLikelihood = m.pseudoLikelihood;
    of.pseudoLikelihoodError = m.pseudoLikelihoodError;
    of.baseline = m.baseline;
    of.freeEnergyGap = m.freeEnergyGap;
    of.chainFreeEnergyGap = m.chainFreeEnergyGap;
    // Health is that of a machine that runs freely.
    if (options_.given.empty() && plan_.checksAfter(report.epoch, options_.epochs))
      of.health = HealthCheck(machine_, data_, rowWeights_, plan_.chains).measure(negative_->particles());
    if (std::isfinite(m.meanFreeEnergy) && !(watched ? *watched : data_).anyMissing()) of.logLikelihood = logLikelihood(m, report.warnings);
    if (options_.labels && plan_.rows > 0) of.labels = labelsReport();
    report.of = std::move(of);
  }

  std::string remedy() const override { return columns_->remedy(); }
  void setRateFactor(double factor) override { steps_.setRateFactor(factor); }

  // --- what a run keeps --------------------------------------------------------------------------

  std::vector<SavedTensor> tensors() override {
    using Scope = SavedTensor::Scope;
    std::vector<SavedTensor> all = steps_.tensors();
    for (const auto& [name, tensor] : negative_->tensors()) all.push_back({name, tensor, Scope::model, &fresh_.chains});
    if (!machine_.wiring().couplings().empty()) all.push_back({"limits", &explosion_.limits(), Scope::run, nullptr, true});
    if (scales_)
      for (const auto& [name, tensor] : scales_->tensors()) all.push_back({name, tensor, Scope::model, &fresh_.variances});
    for (std::size_t l = 0; l < layers_; ++l) {
      const std::string& layer = machine_.wiring().layers()[l].name;
      if (options_.centred) {
        all.push_back({"offset/" + layer, offsets_[l].get(), Scope::model, &fresh_.offsets[l]});
        all.push_back({seenName(l), seen_[l].get(), Scope::model, &fresh_.offsets[l], true});
      }
      if (activity_[l]) all.push_back({"activity/" + layer, activity_[l].get(), Scope::model, &fresh_.activity});
    }
    return all;
  }

  void settle() override { negative_->settle(); }
  void makeRoomFor(const std::vector<std::string>& names) override { negative_->makeRoomFor(names); }
  void restored() override {
    negative_->restored();
    ledger_.startOver();
  }
  std::uint64_t updates() const override { return steps_.updates(); }
  void setUpdates(std::uint64_t n) override { steps_.setUpdates(n); }

  bool sameOptimiser(const TrainerState& state) const override { return steps_.sameKind(state); }

  void load(const TrainerState& state, bool resume) override {
    countSeen(state);
    if (!fresh_.chains) negative_->restored();
    if (resume) prepared_ = state.counters.at("prepared") != 0;
  }

 private:
  // Checks the options and returns the number of layers.
  std::size_t validated() const {
    validateOptions(options_, data_.rows(), machine_.parameters().size());
    if (options_.dynamicBinarisation) requireBernoulli();
    requireConditions();
    return machine_.wiring().layers().size();
  }

  void requireConditions() const {
    if (options_.given.empty()) return;
    if (options_.algorithm != TrainerOptions::Algorithm::cd) throw parameterError("layers that are `given` need the algorithm 'cd'");
    std::vector<bool> learned = data_.given();
    for (const std::size_t l : options_.given) {
      if (!data_.given().at(l)) throw parameterError("`given` must name layers with rows");
      learned[l] = false;
    }
    if (learned == noLayer(machine_)) throw parameterError("`given` must leave a layer with rows to learn");
  }

  void requireBernoulli() const {
    const std::vector<Layer>& layers = machine_.wiring().layers();
    for (std::size_t l = 0; l < layers.size(); ++l)
      if (data_.given()[l] && layers[l].type == UnitType::bernoulli) return;
    throw parameterError("`dynamicBinarisation` needs rows of a layer of Bernoulli units");
  }

  std::vector<bool> heldLayers() const {
    std::vector<bool> held;
    for (std::size_t l = 0; l < machine_.wiring().layers().size(); ++l) held.push_back(options_.frozen(l));
    return held;
  }

  std::vector<bool> frozenParameters() const {
    std::vector<bool> frozen;
    for (std::size_t i = 0; i < layers_ + machine_.wiring().couplings().size(); ++i) frozen.push_back(options_.frozen(i));
    return frozen;
  }

  std::string seenName(std::size_t layer) const { return "seen/" + machine_.wiring().layers()[layer].name; }

  // States of earlier versions lack the number of rows behind their offsets. Assumes the number of
  // rows of their last run.
  void countSeen(const TrainerState& state) {
    const auto rows = state.counters.find("rows");
    for (std::size_t l = 0; l < layers_; ++l)
      if (!fresh_.offsets[l] && !state.tensors.contains(seenName(l)) && rows != state.counters.end())
        backend_.fill(static_cast<double>(rows->second), *seen_[l]);
  }

  // --- before the first update -------------------------------------------------------------------

  void inspect(const Cancelled& cancelled) {
    if (columns_) return;
    columns_.emplace(machine_, data_, rowWeights_, cancelled);
    warnings_ = columns_->warnings();
    if (options_.algorithm == TrainerOptions::Algorithm::ptt && options_.chains < leastLadderColumns)
      warnings_.push_back("no log-likelihood is reported from fewer than " + std::to_string(leastLadderColumns) +
                          " `chains`, this run has " + std::to_string(options_.chains) +
                          ": so few lose the machine's modes, which shows in nothing they tell");
  }

  // Reads the data once for start values and for the baseline of the metrics.
  void readColumns(const Cancelled& cancelled) {
    const bool watches = plan_.rows > 0 && independent_.empty();
    if (prepared_ && !watches) return;
    const StartValues fromData(machine_, data_, rowWeights_, options_.initialiseFromData || watches, cancelled);
    for (std::size_t l = 0; watches && l < layers_; ++l)
      independent_.push_back(data_.given()[l] ? fromData.fitted(l) : std::vector<double>{});
    if (!prepared_) setStartValues(fromData, cancelled);
  }

  void setStartValues(const StartValues& fromData, const Cancelled& cancelled) {
    for (std::size_t l = 0; l < layers_; ++l) {
      if (!data_.given()[l]) continue;
      if (options_.initialiseFromData && !options_.frozen(l)) fromData.initialise(l);
      if (!options_.stream || fresh_.offsets[l]) backend_.fill(0, *seen_[l]);
    }
    const Scales::Stream before{offsets_, seen_};
    if (scales_) scales_->fromData(data_, rowWeights_, fresh_.variances ? nullptr : &before, cancelled);
    for (std::size_t l = 0; l < layers_; ++l)
      if (data_.given()[l]) fromData.follow(l, *offsets_[l], *seen_[l]);
    for (std::size_t l = 0; l < layers_; ++l)
      if (!data_.given()[l] && fresh_.offsets[l]) fieldlessMeans(machine_, l, *offsets_[l]);
    for (std::size_t l = 0; l < layers_; ++l)
      if (activity_[l] && fresh_.activity) backend_.fill(options_.sparsity->target, *activity_[l]);
    if (scales_ && fresh_.variances) scales_->startOthers();
    checkStart();
  }

  // Start values of precisions from the data may be too small for the current weights.
  void checkStart() {
    try {
      guard_.check(0, true);
    } catch (const Error& error) {
      throw Error(error.code(), error.what() + columns_->remedy());
    }
  }

  // Holds the precisions of units with constant data, because they have no maximum-likelihood
  // value. In a stream these are units that have had the same value in all parts.
  void holdConstants() {
    for (std::size_t l = 0; l < layers_; ++l) {
      std::vector<bool> places = columns_->constant(l);
      if (options_.stream && !places.empty()) {
        const std::vector<double> means = valuesOf(backend_, *offsets_[l]);
        for (std::size_t j = 0; j < places.size(); ++j) places[j] = places[j] && columns_->alwaysAt(l, j, means[j]);
      }
      units_.hold(l, places);
    }
  }

  // --- one update --------------------------------------------------------------------------------

  void addPositive(double each) {
    bool first = true;
    auto add = [&](const Phase& phase, const Tensor* weights, Gradient::Lasts lasts) {
      gradient_.accumulate(phase, weights, each, first, lasts);
      if (scales_) scales_->add(phase, weights, each, offsets_, first);
      first = false;
    };
    if (!posterior_) return add(positive_.phase(), batchWeights_.get(), Gradient::Lasts::step);
    posterior_->forEach(positive_.phase().states, batchWeights_.get(),
                        [&](const Phase& phase, const Tensor& weights) { add(phase, &weights, Gradient::Lasts::call); });
  }

  // Updates the running means of the layers without data from the positive phase of this batch:
  // centring offsets and activities.
  void trackMeans() {
    if (scales_) {
      scales_->follow(options_.offsetRate);
      scales_->update();
    }
    for (std::size_t l = 0; l < layers_; ++l) {
      if (data_.given()[l]) continue;
      const Tensor& mean = gradient_.meanDifference(l);  // holds only the positive phase yet
      if (options_.centred) backend_.axpby(options_.offsetRate, mean, 1 - options_.offsetRate, *offsets_[l]);
      if (activity_[l]) backend_.axpby(options_.sparsity->rate, mean, 1 - options_.sparsity->rate, *activity_[l]);
    }
  }

  // Gradient of -weight / 2 * (activity - target)^2 with respect to the bias, without the slope of
  // the mean, as in Lee, Ekanadham & Ng 2008.
  void addSparsity() {
    for (std::size_t l = 0; l < layers_; ++l) {
      if (!activity_[l]) continue;
      backend_.axpby(options_.sparsity->weight, *targets_[l], 1, gradient_.units(l));
      backend_.axpby(-options_.sparsity->weight, *activity_[l], 1, gradient_.units(l));
    }
  }

  // The parameter slots: layers first, then couplings. Frozen parameters have no gradient, and
  // their step is zero.
  std::span<const ParameterSlot> slots() {
    slots_.clear();
    for (std::size_t l = 0; l < layers_; ++l) {
      ParameterSlot slot{&machine_.unitParameters(l), &gradient_.units(l), nullptr, nullptr};
      if (options_.frozen(l)) backend_.fill(0, *std::exchange(slot.gradient, nullptr));
      slots_.push_back(slot);
    }
    for (std::size_t c = 0; c < machine_.wiring().couplings().size(); ++c) {
      ParameterSlot slot{&machine_.weights(c), nullptr, nullptr, nullptr, options_.l1, options_.l2};
      if (options_.frozen(layers_ + c)) {
        gradient_.clear(c);
      } else {
        slot.gradient = &gradient_.step(c);
        slot.terms = gradient_.terms(c);
        if (scales_) slot.rowScale = scales_->rows(c), slot.colScale = scales_->cols(c);
      }
      slots_.push_back(slot);
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].rate = options_.rate(i);
      slots_[i].keepStep = options_.centred;  // centring reads the step
    }
    return slots_;
  }

  // Throws StepRefused if an update was refused. The machine is then at its last complete update.
  void requireAccepted() {
    const std::optional<StepLedger::Refusal> refusal = ledger_.refusal();
    if (!refusal) return;
    const auto index = static_cast<std::size_t>(refusal->verdict.refused);
    const bool ofUnits = index >= slots_.size();
    const std::string parameter = ofUnits ? machine_.parameters()[index - slots_.size()].name : steps_.refused(refusal->verdict);
    steps_.setUpdates(refusal->updates);
    steps_.forget();
    guard_.retreat();
    throw StepRefused(refusal->complete, "update " + std::to_string(refusal->complete + 1) + " would make '" + parameter + "' " +
                                             (ofUnits ? "infinite, or a precision so" : "infinite or not a number"));
  }

  // --- reports -----------------------------------------------------------------------------------

  // The log-likelihood from the chains' log Z. No discrete row has a probability above 1, which
  // gives an upper bound of the mean log-likelihood. An estimate that contradicts the bound is
  // dropped with a warning.
  std::optional<Interval> logLikelihood(const Metrics& m, std::vector<std::string>& said) {
    const std::optional<Interval> logZ = negative_->logPartition();
    if (!logZ) return std::nullopt;
    Interval e{-m.meanFreeEnergy - logZ->value, -m.meanFreeEnergy - logZ->high, -m.meanFreeEnergy - logZ->low};
    const double most = discrete() ? m.lowestFreeEnergy - m.meanFreeEnergy : std::numeric_limits<double>::infinity();
    if (e.low <= most) return Interval{std::min(e.value, most), e.low, std::min(e.high, most)};
    said.push_back(
        "the chains' log-likelihood is " + decimal(e.value) + " nats, the rows allow for at most " + decimal(most) +
        ": the chains have lost the machine's modes, and the number is left out; more `chains` or a lower rate let them keep up");
    return std::nullopt;
  }

  MachineReport::Labels labelsReport() {
    const std::size_t layer = options_.labels->layer;
    MachineReport::Labels scores{labelScores(machine_, data_, layer, watchedRows(data_.rows(), rowWeights_, plan_.rows)), {none, none}};
    if (validation_)
      scores.validation = labelScores(machine_, *validation_, layer, watchedRows(validation_->rows(), {}, validation_->rows()));
    return scores;
  }

  // True if all layers with data have finitely many states.
  bool discrete() const {
    for (std::size_t l = 0; l < layers_; ++l)
      if (data_.given()[l] && statesOfUnit(machine_.wiring().layers()[l]) == 0) return false;
    return true;
  }

  Machine& machine_;
  Backend& backend_;
  const TrainerOptions options_;
  LayerData data_;
  std::optional<LayerData> validation_;
  std::size_t layers_;
  std::vector<double> rowWeights_;
  PositivePhase positive_;
  // Replaces the statistics of the positive phase, or null.
  std::unique_ptr<EnumeratedPhase> posterior_;
  std::unique_ptr<NegativePhase> negative_;
  Gradient gradient_;
  ParameterSteps steps_;
  NormalisableGuard guard_;
  ExplosionGuard explosion_;
  UnitGuard units_;
  std::optional<Scales> scales_;
  std::optional<DataColumns> columns_;  // set by prepare()
  std::vector<std::string> warnings_;   // about the whole run
  MonitorPlan plan_;
  // Fitted unit parameters by layer with data; set by prepare() if metrics need them.
  std::vector<std::vector<double>> independent_;
  std::vector<TensorPtr> offsets_;             // [1, places] per layer
  std::vector<const Tensor*> centres_;         // the same
  std::vector<TensorPtr> activity_, targets_;  // [1, places] per layer; null without sparsity
  // [1, places] per layer: number of values behind the offsets of layers with data.
  std::vector<TensorPtr> seen_;
  // [1, rows], [1, rows of a batch]; null without sample weights.
  TensorPtr allWeights_, batchWeights_;
  std::vector<ParameterSlot> slots_;
  struct Fresh {
    bool chains = true, activity = true, variances = true;
    std::unique_ptr<bool[]> offsets;  // by layer
  } fresh_;
  StepLedger ledger_{backend_};
  bool prepared_ = false;
};

}  // namespace

std::unique_ptr<Update> contrastiveUpdate(Machine& machine, const TrainerOptions& options, const std::vector<LayerRows>& data,
                                          const std::vector<LayerRows>& validation, std::vector<double> rowWeights) {
  validateWeights(rowWeights, data.empty() ? 0 : data.front().rows->rows());
  return std::make_unique<ContrastiveUpdate>(machine, options, data, validation, std::move(rowWeights));
}

}  // namespace boltzkit
