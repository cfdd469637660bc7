#include "learning/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "core/progress.hpp"
#include "learning/epoch_order.hpp"
#include "learning/good_states.hpp"
#include "learning/parameter_average.hpp"
#include "learning/saved_state.hpp"

namespace boltzkit {

using Clock = std::chrono::steady_clock;

struct Trainer::Impl {
  Impl(std::unique_ptr<Update> what, const RunOptions& o)
      : update(std::move(what)),
        backend(update->backend()),
        options(o),
        stepsPerEpoch((update->rows() + o.batchSize - 1) / o.batchSize),
        totalSteps(stepsPerEpoch * o.epochs),
        average(*update, o.averageLast, totalSteps) {
    if (options.onDivergence) goodStates.emplace(backend);
  }

  // --- the run -----------------------------------------------------------------------------------

  void run(std::uint64_t until, const Cancelled& cancelled, const std::function<void(const EpochReport&)>& onEpoch,
           const std::function<void(std::uint64_t)>& onStep) {
    prepare(cancelled);
    auto began = Clock::now();
    const std::uint64_t first = step, last = std::min(until, totalSteps);
    while (step < last) {
      throwIfCancelled(cancelled);
      const bool complete = advance(cancelled);
      Progress::report(static_cast<double>(step) - static_cast<double>(first), static_cast<double>(last - first));
      if (onStep) onStep(step);
      if (!complete || !atEndOfEpoch()) continue;
      epochSeconds += std::chrono::duration<double>(Clock::now() - began).count();
      if (onEpoch) onEpoch(report());
      epochSeconds = 0;
      began = Clock::now();
    }
    epochSeconds += std::chrono::duration<double>(Clock::now() - began).count();
  }

  bool atEndOfEpoch() const { return step % stepsPerEpoch == 0; }

  void prepare(const Cancelled& cancelled) {
    const Progress silent(0, 0);  // reads the data, which is little of the work
    const bool first = !update->prepared();
    update->prepare(cancelled);
    if (first && goodStates) goodStates->begin(0, update->updates(), current());
  }

  EpochReport report() {
    const Progress silent(0, 0);
    EpochReport report;
    report.epoch = step / stepsPerEpoch;
    report.step = step;
    report.seconds = epochSeconds;
    report.rollbacks = rollbacks;
    update->measure(report);
    return report;
  }

  // --- one update --------------------------------------------------------------------------------

  void takeStep() {
    const std::uint64_t next = step + 1;
    const Batch rows = batch();
    backend.together([&] {
      update->take(rows, step);
      average.add(next);
    });
    if (next == totalSteps) average.adopt();
    update->check(next, next % stepsPerEpoch == 0);
    step = next;
    update->watch(step, step == totalSteps);
    if (goodStates && step % goodInterval() == 0) goodStates->keep(step, update->updates(), current());
  }

  Batch batch() {
    const std::uint64_t index = step % stepsPerEpoch;
    RandomSteps& random = update->random();
    if (index == 0) shuffleStep = random.next(Purpose::shuffle).step;
    if (index == 0 || !order)
      order = backend.order(epochOrder({random.seed(), Purpose::shuffle, 0, shuffleStep}, update->rows(), options.shuffle));
    const std::size_t first = index * options.batchSize;
    return {order.get(), first, std::min(options.batchSize, update->rows() - first)};
  }

  // Takes one step. An update of many sweeps may be cancelled between two of them; then all its
  // changes are undone.
  void interruptibleStep(const Cancelled& cancelled) {
    if (!update->takesLong()) return takeStep();
    if (!undo) undo.emplace(backend);
    undo->begin(step, update->updates(), current());
    const std::vector<std::uint64_t> counters = update->random().counters();
    const std::uint64_t shuffled = shuffleStep;
    try {
      const Interruptible here(cancelled);
      takeStep();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::aborted) throw;
      putBack(*undo);
      update->random().counters() = counters;
      shuffleStep = shuffled;
      throw;
    }
  }

  // Takes one update and returns true. If it fails and a retry is left, returns to the last good
  // state and returns false.
  bool advance(const Cancelled& cancelled) {
    const Progress silent(0, 0);
    try {
      interruptibleStep(cancelled);
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::divergence) throw;
      if (const auto* refused = dynamic_cast<const StepRefused*>(&error)) step = refused->complete;
      if (!goodStates) throw Error(ErrorCode::divergence, error.what() + update->remedy());
      fallBack();
      if (rollbacks <= options.onDivergence->retries) return false;
      throw Error(ErrorCode::divergence, std::string(error.what()) + ", and " + std::to_string(options.onDivergence->retries) +
                                             " returns to good states did not help; the model is that after update " +
                                             std::to_string(step) + update->remedy());
    }
  }

  // --- states to go back to ----------------------------------------------------------------------

  std::uint64_t goodInterval() const { return (updatesPerGoodState + stepsPerEpoch - 1) / stepsPerEpoch * stepsPerEpoch; }

  std::vector<SavedTensor> tensors() {
    std::vector<SavedTensor> all = update->tensors();
    for (SavedTensor& t : average.tensors()) all.push_back(std::move(t));
    return all;
  }

  // The parameters as "parameter/<name>", and all other tensors that the run keeps.
  NamedTensors everything() {
    NamedTensors all = byName(tensors());
    for (const NamedTensor& p : update->parameters()) all["parameter/" + p.name] = p.tensor;
    return all;
  }
  // The same, with current values.
  NamedTensors current() {
    update->settle();
    return everything();
  }

  void fallBack() {
    putBack(*goodStates);
    goodStates->begin(step, update->updates(), current());
    update->check(step, true);
    setRollbacks(rollbacks + 1);
  }

  void putBack(const GoodStates& states) {
    const GoodStates::State& good = states.good();
    std::vector<std::string> names;
    for (const auto& [name, tensor] : good.tensors) names.push_back(name);
    update->makeRoomFor(names);
    states.putBack(everything());
    update->restored();
    step = good.step;
    update->setUpdates(good.updates);
    order.reset();
  }

  void setRollbacks(std::uint64_t n) {
    rollbacks = n;
    if (options.onDivergence) update->setRateFactor(std::pow(options.onDivergence->factor, static_cast<double>(n)));
  }

  // --- checkpoints -------------------------------------------------------------------------------

  TrainerState state() {
    TrainerState s;
    update->settle();
    saveTensors(backend, tensors(), update->prepared(), s);
    s.counters = {{"step", step},
                  {"totalSteps", totalSteps},
                  {"rows", update->rows()},
                  {"batchSize", options.batchSize},
                  {"shuffleStep", shuffleStep},
                  {"prepared", update->prepared() ? 1u : 0u},
                  {"updates", update->updates()},
                  {"rollbacks", rollbacks}};
    if (goodStates && update->prepared()) goodStates->save(s);
    return s;
  }

  void restore(const TrainerState& s, bool resume) {
    if (resume) requireSameRun(s, totalSteps, update->rows(), options.batchSize);
    const bool keepsOptimiser = resume || update->sameOptimiser(s);
    std::vector<std::string> names;
    for (const auto& [name, saved] : s.tensors) names.push_back(name);
    update->makeRoomFor(names);
    restoreTensors(backend, tensors(), s, resume, keepsOptimiser);
    if (keepsOptimiser) update->setUpdates(counter(s, "updates"));
    update->load(s, resume);
    if (!resume) return;
    step = counter(s, "step");
    shuffleStep = counter(s, "shuffleStep");
    setRollbacks(s.counters.contains("rollbacks") ? counter(s, "rollbacks") : 0);
    if (goodStates && update->prepared()) goodStates->load(s);
  }

  std::unique_ptr<Update> update;
  Backend& backend;
  const RunOptions options;
  const std::uint64_t stepsPerEpoch, totalSteps;
  ParameterAverage average;
  std::optional<GoodStates> goodStates, undo;

  std::uint64_t step = 0, shuffleStep = 0, rollbacks = 0;
  OrderPtr order;  // order of the rows in this epoch
  double epochSeconds = 0;
};

Trainer::Trainer(std::unique_ptr<Update> update, const RunOptions& options, const TrainerState* state, bool resume) {
  impl_ = std::make_unique<Impl>(std::move(update), options);
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
