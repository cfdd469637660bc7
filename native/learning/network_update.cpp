#include "learning/network_update.hpp"

#include <algorithm>
#include <utility>

#include "learning/lbfgs_update.hpp"
#include "learning/network_run.hpp"
#include "learning/parameter_steps.hpp"
#include "learning/step_ledger.hpp"
#include "learning/weight_guard.hpp"

namespace boltzkit {
namespace {

class BackpropagationUpdate final : public Update {
 public:
  BackpropagationUpdate(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data, const NetworkRows* validation,
                        std::vector<double> rowWeights)
      : run_(network, options, data, validation, std::move(rowWeights), false),
        backend_(network.backend()),
        steps_(backend_, network.parameters(), run_.options()),
        ledger_(backend_),
        guard_(network) {}

  Backend& backend() override { return backend_; }
  RandomSteps& random() override { return run_.network().random(); }
  std::size_t rows() const override { return run_.rows(); }
  std::vector<NamedTensor> parameters() override { return run_.network().parameters(); }
  bool frozen(std::size_t parameter) const override { return run_.options().frozen(parameter); }
  bool prepared() const override { return prepared_; }
  bool takesLong() const override { return false; }
  void prepare(const Cancelled&) override { prepared_ = true; }

  void take(const Batch& batch, std::uint64_t step) override {
    ledger_.begin(step, steps_.updates());
    run_.load(batch);
    run_.propagate();
    steps_.take(slots(), step, ledger_.outcome());
    if (ledger_.due(step)) requireAccepted();
    limitNorms();
  }

  void check(std::uint64_t, bool endOfEpoch) override {
    if (endOfEpoch) requireAccepted();
  }
  void watch(std::uint64_t step, bool last) override { guard_.check(step, last); }
  void measure(EpochReport& report) override {
    report.learningRate = steps_.learningRate(report.step - 1);
    run_.measure(report);
  }
  std::string remedy() const override { return {}; }
  void setRateFactor(double factor) override { steps_.setRateFactor(factor); }

  std::vector<SavedTensor> tensors() override { return steps_.tensors(); }
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
  std::span<const ParameterSlot> slots() {
    slots_.clear();
    const std::vector<LayerParameter>& parameters = run_.parameters();
    const std::vector<LayerGradient> gradients = run_.gradients();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      ParameterSlot slot{parameters[i].tensor, frozen(i) ? nullptr : gradients[i].sum, nullptr, nullptr};
      if (parameters[i].role == LayerParameter::Role::weights) slot.l1 = run_.options().l1, slot.l2 = run_.options().l2;
      slot.rate = run_.options().rate(i);
      slot.terms = gradients[i].terms;
      slot.keepStep = false;
      slots_.push_back(slot);
    }
    return slots_;
  }

  // After a refused step the weights are those of the one before it, which are within the limit
  // already.
  void limitNorms() {
    if (run_.options().maxNorm == 0) return;
    for (std::size_t i = 0; i < run_.parameters().size(); ++i)
      if (run_.parameters()[i].role == LayerParameter::Role::weights && !frozen(i))
        backend_.limitColumns(run_.options().maxNorm, *run_.parameters()[i].tensor);
  }

  // Throws StepRefused if a step was refused. The network is then at its last complete update.
  void requireAccepted() {
    const std::optional<StepLedger::Refusal> refusal = ledger_.refusal();
    if (!refusal) return;
    const std::string parameter = steps_.refused(refusal->verdict);
    steps_.setUpdates(refusal->updates);
    steps_.forget();
    throw StepRefused(refusal->complete,
                      "update " + std::to_string(refusal->complete + 1) + " would make '" + parameter + "' infinite or not a number");
  }

  NetworkRun run_;
  Backend& backend_;
  ParameterSteps steps_;
  StepLedger ledger_;
  WeightGuard guard_;
  std::vector<ParameterSlot> slots_;
  bool prepared_ = false;
};

}  // namespace

std::unique_ptr<Update> networkUpdate(Network& network, const NetworkTrainerOptions& options, const NetworkRows& data,
                                      const NetworkRows* validation, std::vector<double> rowWeights) {
  if (options.lbfgs) return lbfgsUpdate(network, options, data, validation, std::move(rowWeights));
  return std::make_unique<BackpropagationUpdate>(network, options, data, validation, std::move(rowWeights));
}

}  // namespace boltzkit
