#include "learning/up_down_update.hpp"

#include <optional>
#include <utility>

#include "learning/data_columns.hpp"
#include "learning/explosion_guard.hpp"
#include "learning/normalisable_guard.hpp"
#include "learning/parameter_steps.hpp"
#include "learning/step_ledger.hpp"
#include "learning/unit_guard.hpp"
#include "learning/up_down_passes.hpp"
#include "learning/up_down_report.hpp"

namespace boltzkit {
namespace {

void addPrefixed(const std::string& prefix, const std::vector<NamedTensor>& some, std::vector<NamedTensor>& all) {
  for (const NamedTensor& p : some) all.push_back({prefix + p.name, p.tensor});
}

std::string nameOf(const char* half, std::size_t level) { return half + std::to_string(level + 1); }

// The machines with what the names of their parameters begin with.
std::vector<std::pair<std::string, Machine*>> namedMachines(const Levels& levels, Machine& top) {
  std::vector<std::pair<std::string, Machine*>> all;
  for (std::size_t l = 0; l < levels.up.size(); ++l) {
    all.emplace_back(nameOf("up", l), levels.up[l].get());
    all.emplace_back(nameOf("down", l), levels.down[l].get());
  }
  all.emplace_back("top", &top);
  return all;
}

class UpDownUpdate final : public Update {
 public:
  UpDownUpdate(Machine& top, const Levels& levels, const UpDownOptions& options, std::shared_ptr<const Rows> data,
               const std::vector<LayerRows>& labels, std::vector<double> rowWeights)
      : top_(top),
        levels_(levels),
        backend_(top.backend()),
        options_(validated(options, levels, top, data->rows())),
        rowWeights_(meanOne(std::move(rowWeights))),
        bottom_(*levels.down.front(), {{0, data}}),
        passes_(top, levels_, options_, data, labels),
        report_(top, levels_, passes_, bottom_, rowWeights_, options_.monitorRows),
        parameters_(upDownParameters(levels_, top)),
        steps_(backend_, parameters_, options_),
        normalisable_(top, frozenOfTop()) {
    if (!rowWeights_.empty()) {
      allWeights_ = backend_.tensor(1, rowWeights_.size());
      batchWeights_ = backend_.tensor(1, options_.batchSize);
      backend_.upload(std::span<const double>(rowWeights_), *allWeights_);
    }
    for (const auto& [name, machine] : namedMachines(levels_, top)) {
      names_.push_back(name);
      machines_.push_back(machine);
      explosions_.emplace_back(*machine);
      units_.emplace_back(*machine);
    }
  }

  Backend& backend() override { return backend_; }
  RandomSteps& random() override { return top_.random(); }
  std::size_t rows() const override { return bottom_.rows(); }
  std::vector<NamedTensor> parameters() override { return parameters_; }
  bool frozen(std::size_t parameter) const override { return options_.frozen(parameter); }
  bool prepared() const override { return prepared_; }
  bool takesLong() const override { return options_.steps > sweepsAnyoneWaitsFor; }

  void prepare(const Cancelled& cancelled) override {
    if (!columns_) {
      columns_.emplace(*levels_.down.front(), bottom_, rowWeights_, cancelled);
      units_[1].hold(0, columns_->constant(0));
    }
    if (prepared_) return;
    for (ExplosionGuard& guard : explosions_) guard.begin();
    if (freshChains_) passes_.startChains();
    if (freshOffsets_) passes_.startOffsets();
    prepared_ = true;
  }

  void take(const Batch& batch, std::uint64_t step) override {
    ledger_.begin(step, steps_.updates());
    if (batchWeights_) backend_.gatherColumns(*allWeights_, batch, *batchWeights_);
    passes_.run(batch, batchWeights_.get());
    for (UnitGuard& guard : units_) guard.remember(ledger_.outcome());
    steps_.take(slots(), step, ledger_.outcome());
    if (ledger_.due(step)) requireAccepted();
    passes_.compensate();
    std::size_t first = slots_.size();
    for (std::size_t m = 0; m < units_.size(); ++m) {
      units_[m].check(first, ledger_.outcome());
      first += machines_[m]->wiring().layers().size();
    }
    passes_.takeBack(ledger_.outcome());
    if (ledger_.due(step)) requireAccepted();
  }

  void check(std::uint64_t step, bool endOfEpoch) override {
    if (endOfEpoch) requireAccepted();
    normalisable_.check(step, endOfEpoch);
    if (endOfEpoch) requireBoundedStates(top_, passes_.particles());
  }

  void watch(std::uint64_t step, bool last) override {
    for (std::size_t m = 0; m < explosions_.size(); ++m) {
      try {
        explosions_[m].check(step, last);
      } catch (const Error& error) {
        throw Error(error.code(), std::string(error.what()) + " (of '" + names_[m] + "')");
      }
    }
  }

  void measure(EpochReport& report) override {
    report.warnings = columns_->warnings();
    report.learningRate = steps_.learningRate(report.step - 1);
    report.weightNorm = report_.weightNorm();
    report.of = report_.measure();
  }

  std::string remedy() const override { return columns_->remedy(); }
  void setRateFactor(double factor) override { steps_.setRateFactor(factor); }

  std::vector<SavedTensor> tensors() override {
    using Scope = SavedTensor::Scope;
    std::vector<SavedTensor> all = steps_.tensors();
    for (const auto& [name, tensor] : passes_.chainTensors()) all.push_back({"top/" + name, tensor, Scope::model, &freshChains_});
    for (const auto& [name, tensor] : passes_.offsetTensors()) all.push_back({name, tensor, Scope::model, &freshOffsets_});
    for (std::size_t m = 0; m < machines_.size(); ++m)
      if (!machines_[m]->wiring().couplings().empty())
        all.push_back({"limits/" + names_[m], &explosions_[m].limits(), Scope::run, nullptr, true});
    return all;
  }

  void settle() override {}
  void makeRoomFor(const std::vector<std::string>&) override {}
  void restored() override { ledger_.startOver(); }
  std::uint64_t updates() const override { return steps_.updates(); }
  void setUpdates(std::uint64_t n) override { steps_.setUpdates(n); }
  bool sameOptimiser(const TrainerState& state) const override { return steps_.sameKind(state); }
  void load(const TrainerState& state, bool resume) override {
    if (resume) prepared_ = state.counters.at("prepared") != 0;
  }

 private:
  static UpDownOptions validated(const UpDownOptions& options, const Levels& levels, Machine& top, std::size_t rows) {
    requireLevels(levels, top);
    validateRun(options, rows, upDownParameters(levels, top).size());
    requireOption(options.steps >= 1 && options.steps < maxStreamStep, "steps", "at least 1", static_cast<double>(options.steps));
    requireOption(options.chains <= 0xffffffffu, "chains", "0 to 4294967295", static_cast<double>(options.chains));
    return options;
  }

  std::size_t firstOfTop() const { return 4 * levels_.up.size(); }

  std::vector<bool> frozenOfTop() const {
    std::vector<bool> frozen;
    for (std::size_t i = firstOfTop(); i < parameters_.size(); ++i) frozen.push_back(options_.frozen(i));
    return frozen;
  }

  // In the order of the parameters. Frozen ones have no gradient.
  std::span<const ParameterSlot> slots() {
    slots_.clear();
    passes_.addSlots(options_.l1, options_.l2, slots_);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      ParameterSlot& slot = slots_[i];
      slot.rate = options_.rate(i);
      slot.keepStep = options_.centred;  // centring reads the step
      if (options_.frozen(i)) slot.gradient = nullptr;
    }
    return slots_;
  }

  // Throws StepRefused if an update was refused. The machines are then at the last complete one.
  void requireAccepted() {
    const std::optional<StepLedger::Refusal> refusal = ledger_.refusal();
    if (!refusal) return;
    const auto index = static_cast<std::size_t>(refusal->verdict.refused);
    const bool ofUnits = index >= slots_.size();
    const std::string parameter = ofUnits ? unitsNamed(index - slots_.size()) : steps_.refused(refusal->verdict);
    steps_.setUpdates(refusal->updates);
    steps_.forget();
    normalisable_.retreat();
    throw StepRefused(refusal->complete, "update " + std::to_string(refusal->complete + 1) + " would make '" + parameter + "' " +
                                             (ofUnits ? "infinite, or a precision so" : "infinite or not a number"));
  }

  // The unit parameters that a guard refused, by their number among those of all machines.
  std::string unitsNamed(std::size_t index) const {
    std::size_t m = 0;
    for (; index >= machines_[m]->wiring().layers().size(); ++m) index -= machines_[m]->wiring().layers().size();
    return names_[m] + "/" + machines_[m]->parameters()[index].name;
  }

  Machine& top_;
  const Levels levels_;
  Backend& backend_;
  const UpDownOptions options_;
  std::vector<double> rowWeights_;
  LayerData bottom_;
  UpDownPasses passes_;
  UpDownMonitor report_;
  std::vector<NamedTensor> parameters_;
  ParameterSteps steps_;
  NormalisableGuard normalisable_;
  // By machine: up 1, down 1, up 2, ..., top.
  std::vector<std::string> names_;
  std::vector<Machine*> machines_;
  std::vector<ExplosionGuard> explosions_;
  std::vector<UnitGuard> units_;
  std::optional<DataColumns> columns_;  // of the bottom; set by prepare()
  // [1, rows], [1, rows of a batch]; null without sample weights.
  TensorPtr allWeights_, batchWeights_;
  std::vector<ParameterSlot> slots_;
  StepLedger ledger_{backend_};
  bool prepared_ = false, freshChains_ = true, freshOffsets_ = true;
};

}  // namespace

std::vector<NamedTensor> upDownParameters(const Levels& levels, Machine& top) {
  std::vector<NamedTensor> all;
  for (std::size_t l = 0; l < levels.up.size(); ++l) {
    const std::vector<NamedTensor> up = levels.up[l]->parameters(), down = levels.down[l]->parameters();
    addPrefixed(nameOf("up", l) + "/", {up[1], up[2]}, all);
    addPrefixed(nameOf("down", l) + "/", {down[0], down[2]}, all);
  }
  addPrefixed("top/", top.parameters(), all);
  return all;
}

std::unique_ptr<Update> upDownUpdate(Machine& top, const Levels& levels, const UpDownOptions& options, std::shared_ptr<const Rows> data,
                                     const std::vector<LayerRows>& labels, std::vector<double> rowWeights) {
  validateWeights(rowWeights, data->rows());
  return std::make_unique<UpDownUpdate>(top, levels, options, std::move(data), labels, std::move(rowWeights));
}

}  // namespace boltzkit
