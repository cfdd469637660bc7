#include "binding/hidden.hpp"

#include <algorithm>

#include "binding/arrays.hpp"
#include "binding/ratings.hpp"
#include "binding/start_job.hpp"
#include "binding/threads.hpp"

namespace boltzkit::binding {
namespace {

using ratings::HiddenParameters;
using ratings::HiddenView;

constexpr double littleWork = 4e6;
constexpr double largeNumber = 1e30;

ratings::HiddenOptions optionsOf(const Argument& from) {
  const auto number = [&](const char* name, double low, double high) { return static_cast<float>(from.field(name).number(low, high)); };
  ratings::HiddenOptions options;
  options.units = from.field("units").count(1, 65536);
  options.batch = from.field("batch").count(1, 65536);
  options.floor = number("floor", 1e-6, 1);
  options.learningRate = number("learningRate", 0, 1);
  options.l2 = number("l2", 0, largeNumber);
  options.leastKept = number("leastKept", 0, 1);
  options.mostKept = number("mostKept", static_cast<double>(options.leastKept), 1);
  options.dropout = number("dropout", 0, 0.99);
  options.weight = number("weight", 0, 1);
  options.biases = from.field("biases").flag();
  options.seed = from.field("seed").big();
  return options;
}

class EpochsTask : public Task {
 public:
  EpochsTask(std::shared_ptr<HiddenObject::State> state, std::shared_ptr<std::vector<Napi::ObjectReference>> kept, std::size_t epochs)
      : state_(std::move(state)), kept_(std::move(kept)), epochs_(epochs) {
    state_->busy = true;
  }
  ~EpochsTask() override { state_->busy = false; }

  void run(const Cancelled& cancelled, const Wake&) override {
    const Interruptible here(cancelled);
    ThreadTeam team(state_->threads);
    state_->broken = true;
    for (std::size_t e = 0; e < epochs_; ++e) {
      const double count = static_cast<double>(epochs_);
      const Progress part(static_cast<double>(e) / count, static_cast<double>(e + 1) / count);
      loss_ = state_->trainer->epoch(team);
    }
    state_->broken = false;
  }
  Napi::Value result(Napi::Env env) override { return Napi::Number::New(env, loss_); }

 private:
  std::shared_ptr<HiddenObject::State> state_;
  std::shared_ptr<std::vector<Napi::ObjectReference>> kept_;
  std::size_t epochs_;
  double loss_ = 0;
};

std::span<const float> floats(const Argument& from, const char* name, std::size_t count) {
  const std::span<const float> view = from.field(name).view<float>();
  if (view.size() != count)
    throw shapeError("`parameters." + std::string(name) + "` must have " + std::to_string(count) + " numbers, got " +
                     std::to_string(view.size()));
  return view;
}

// Scores and parameters stay JavaScript's; the caller leaves them alone until the job is over.
class LogitsTask : public Task {
 public:
  LogitsTask(const Argument& scores, const Argument& holder, std::size_t items, const HiddenView& parameters, const ratings::UserRows& rows,
             unsigned threads)
      : scores_(scores.view<float>()),
        items_(items),
        parameters_(parameters),
        offsets_(rows.offsets.begin(), rows.offsets.end()),
        item_(rows.items.begin(), rows.items.end()),
        value_(rows.values.begin(), rows.values.end()),
        threads_(threads) {
    kept_ = Napi::Persistent(scores.object());
    holder_ = Napi::Persistent(holder.object());
  }
  void run(const Cancelled&, const Wake&) override { compute(threads_); }
  void compute(unsigned threads) {
    ThreadTeam team(threads);
    addHidden(parameters_, items_, {offsets_, item_, value_}, ratings::matrixKernels(), team, scores_);
  }
  Napi::Value result(Napi::Env) override { return kept_.Value(); }

 private:
  std::span<float> scores_;
  std::size_t items_;
  HiddenView parameters_;
  std::vector<std::uint32_t> offsets_, item_;
  std::vector<float> value_;
  unsigned threads_;
  Napi::ObjectReference kept_, holder_;
};

Napi::Value arrayOf(Napi::Env env, const std::vector<float>& values) {
  const ResultArray<float> result(env, values.size());
  std::copy(values.begin(), values.end(), result.values().begin());
  return result.value();
}

}  // namespace

Napi::Function HiddenObject::define(Napi::Env env) {
  using H = HiddenObject;
  return defineClass<HiddenObject>(env, {method<H, &H::run>("run"), method<H, &H::parameters>("parameters")});
}

HiddenObject::HiddenObject(const Napi::CallbackInfo& info) : memory_(info.Env()) {
  const ratings::HiddenOptions options = optionsOf(Argument(info, 3, "options"));
  const unsigned threads = threadsOf(Argument(info, 4, "threads"));
  const std::shared_ptr<const ratings::RatedEntries> entries = unwrap<RatingsObject>(Argument(info, 0, "ratings")).entries();
  const Argument list(info, 1, "couplings");
  const std::uint32_t folds = list.length(200);
  std::vector<Argument> arrays;
  for (std::uint32_t f = 0; f < folds; ++f) arrays.push_back(list.item(f));
  const std::span<const std::uint8_t> fold = Argument(info, 2, "fold").view<std::uint8_t>();
  if (fold.size() != entries->users())
    throw shapeError("`fold` must have one number per user (" + std::to_string(entries->users()) + "), got " + std::to_string(fold.size()));
  std::vector<std::span<const float>> couplings;
  for (const Argument& array : arrays) {
    couplings.push_back(array.view<float>());
    if (couplings.back().size() != checkedMultiply(entries->items(), entries->items()))
      throw shapeError("`couplings` must be matrices of " + std::to_string(entries->items()) + " x " + std::to_string(entries->items()) +
                       " numbers, got " + std::to_string(couplings.back().size()));
    kept_->push_back(Napi::Persistent(array.object()));
  }
  state_->entries = entries;
  state_->threads = threads;
  state_->trainer = std::make_unique<ratings::HiddenTrainer>(*entries, std::move(couplings), fold, options, ratings::matrixKernels());
  memory_.set((entries->items() * options.units * 7 + options.batch * (2 * entries->items() + 2 * options.units)) * sizeof(float));
}

Napi::Value HiddenObject::run(const Napi::CallbackInfo& info) {
  const std::size_t epochs = Argument(info, 0, "epochs").count(1, maxCount);
  if (state_->busy) throw parameterError("hidden units are being trained already");
  if (state_->broken) throw parameterError("training that was interrupted cannot go on");
  return startJob(info.Env(), std::make_shared<EpochsTask>(state_, kept_, epochs));
}

Napi::Value HiddenObject::parameters(const Napi::CallbackInfo& info) {
  if (state_->busy) throw parameterError("hidden units are being trained");
  const HiddenParameters& now = state_->trainer->parameters();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("in", arrayOf(info.Env(), now.in));
  object.Set("inBias", arrayOf(info.Env(), now.inBias));
  object.Set("out", arrayOf(info.Env(), now.out));
  object.Set("outBias", arrayOf(info.Env(), now.outBias));
  object.Set("strength", Napi::Number::New(info.Env(), static_cast<double>(now.strength)));
  object.Set("floor", Napi::Number::New(info.Env(), static_cast<double>(now.floor)));
  return object;
}

Napi::Value scoreHidden(const Napi::CallbackInfo& info) {
  const Argument given(info, 1, "parameters"), scores(info, 0, "scores");
  const unsigned threads = threadsOf(Argument(info, 5, "threads"));
  const float strength = static_cast<float>(given.field("strength").number(-largeNumber, largeNumber));
  const float floor = static_cast<float>(given.field("floor").number(1e-6, 1));
  const std::size_t units = given.field("inBias").view<float>().size(), items = given.field("outBias").view<float>().size();
  const HiddenView parameters{floats(given, "in", checkedMultiply(items, units)),
                              floats(given, "inBias", units),
                              floats(given, "out", checkedMultiply(items, units)),
                              floats(given, "outBias", items),
                              strength,
                              floor};
  const ratings::UserRows rows{Argument(info, 2, "offsets").view<std::uint32_t>(), Argument(info, 3, "item").view<std::uint32_t>(),
                               Argument(info, 4, "value").view<float>()};
  checkUserRows(rows, items);
  if (scores.view<float>().size() != checkedMultiply(rows.users(), items))
    throw shapeError("`scores` must have " + std::to_string(rows.users()) + " x " + std::to_string(items) + " numbers, got " +
                     std::to_string(scores.view<float>().size()));
  const double work = static_cast<double>(rows.users()) * static_cast<double>(items) * static_cast<double>(units + 20);
  auto task = std::make_shared<LogitsTask>(scores, given, items, parameters, rows, threads);
  if (work >= littleWork) return startJob(info.Env(), std::move(task));
  task->compute(1);
  return scores.value();
}

}  // namespace boltzkit::binding
