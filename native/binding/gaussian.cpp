#include "binding/gaussian.hpp"

#include <algorithm>
#include <cmath>

#include "binding/arrays.hpp"
#include "binding/gaussian_convert.hpp"
#include "binding/ratings.hpp"
#include "binding/start_job.hpp"
#include "binding/threads.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

using ratings::GaussianModel;
using ratings::GaussianOptions;
using ratings::GaussianPlan;
using ratings::GaussianSample;
using ratings::GaussianState;
using ratings::GivenEntries;

constexpr std::uint64_t mostHidden = 1024, mostSweeps = 1u << 20;
constexpr double largest = std::numeric_limits<double>::max();
// Multiplications that a call does at once: about a millisecond's.
constexpr double workAtOnce = 4e6;

// What users gave, checked: counts[u] entries each, one user after the other.
struct Given {
  std::vector<std::uint32_t> items;
  std::vector<float> values;
  std::vector<GivenEntries> users;

  Given(const Argument& counts, const Argument& itemsOf, const Argument& valuesOf, std::size_t itemCount) {
    const std::span<const std::uint32_t> count = counts.view<std::uint32_t>();
    read(count, itemsOf, valuesOf, itemCount);
  }
  // One user.
  Given(const Argument& itemsOf, const Argument& valuesOf, std::size_t itemCount) {
    const std::uint32_t count = static_cast<std::uint32_t>(itemsOf.view<std::uint32_t>().size());
    read({&count, 1}, itemsOf, valuesOf, itemCount);
  }
  Given(const Given&) = delete;

 private:
  void read(std::span<const std::uint32_t> count, const Argument& itemsOf, const Argument& valuesOf, std::size_t itemCount) {
    const std::span<const std::uint32_t> item = itemsOf.view<std::uint32_t>();
    const std::span<const float> value = valuesOf.view<float>();
    if (item.size() != value.size())
      throw shapeError("`values` must be as long as `items` (" + std::to_string(item.size()) + "), got " + std::to_string(value.size()));
    std::uint64_t total = 0;
    for (const std::uint32_t each : count) total += each;
    if (total != item.size()) throw shapeError("`counts` must add up to " + std::to_string(item.size()) + ", got " + std::to_string(total));
    for (std::size_t e = 0; e < item.size(); ++e)
      if (item[e] >= itemCount || !std::isfinite(value[e]))
        throw parameterError("entry " + std::to_string(e) + " must name an item below " + std::to_string(itemCount) +
                             " and a finite value");
    items.assign(item.begin(), item.end());
    values.assign(value.begin(), value.end());
    std::size_t from = 0;
    for (const std::uint32_t each : count) {
      users.push_back({std::span<const std::uint32_t>(items).subspan(from, each), std::span<const float>(values).subspan(from, each)});
      from += each;
    }
  }
};

class TrainTask : public Task {
 public:
  std::shared_ptr<const ratings::RatedEntries> entries;
  GaussianOptions options;
  GaussianPlan plan;
  ratings::SideFeatures features;
  std::shared_ptr<const GaussianState> state;
  std::shared_ptr<GaussianObject::Slot> slot;
  unsigned threads = 1;

  ~TrainTask() override { slot->busy = false; }
  void run(const Cancelled& cancelled, const Wake&) override {
    const Interruptible interruptible(cancelled);
    ThreadTeam team(threads);
    trained_ = ratings::trainGaussian(entries, options, plan, features, state.get(), team);
  }
  Napi::Value result(Napi::Env env) override {
    slot->options = options;
    slot->trained = trained_;
    slot->busy = false;
    return env.Undefined();
  }

 private:
  ratings::GaussianTrained trained_;
};

class ScoresTask : public Task {
 public:
  ScoresTask(Napi::Env env, std::shared_ptr<const GaussianModel> model, std::shared_ptr<const Given> given, bool chance, double atLeast,
             unsigned threads)
      : result_(env, checkedMultiply(given->users.size(), model->items())),
        model_(std::move(model)),
        given_(std::move(given)),
        chance_(chance),
        atLeast_(atLeast),
        threads_(threads) {}
  void run(const Cancelled& cancelled, const Wake&) override {
    const Interruptible interruptible(cancelled);
    ThreadTeam team(threads_);
    model_->scores(given_->users, chance_ ? &atLeast_ : nullptr, team, result_.values());
  }
  Napi::Value result(Napi::Env) override { return result_.value(); }

 private:
  ResultArray<float> result_;
  std::shared_ptr<const GaussianModel> model_;
  std::shared_ptr<const Given> given_;
  bool chance_;
  double atLeast_;
  unsigned threads_;
};

std::shared_ptr<const ratings::RatedEntries> featuresOf(const Argument& argument) {
  return argument.isNull() ? nullptr : unwrap<RatingsObject>(argument).entries();
}

}  // namespace

Napi::Function GaussianObject::define(Napi::Env env) {
  using G = GaussianObject;
  return defineClass<GaussianObject>(
      env, {getter<G, &G::samples>("samples"), method<G, &G::train>("train"), method<G, &G::setModel>("setModel"),
            method<G, &G::addSample>("addSample"), method<G, &G::sample>("sample"), method<G, &G::values>("values"),
            method<G, &G::state>("state"), method<G, &G::setState>("setState"), method<G, &G::scores>("scores"),
            method<G, &G::predict>("predict"), method<G, &G::similar>("similar"), method<G, &G::contributions>("contributions")});
}

GaussianObject::GaussianObject(const Napi::CallbackInfo& info) {
  const Argument given(info, 0, "options");
  GaussianOptions& options = slot_->options;
  options.hidden = given.field("hidden").count(1, mostHidden);
  options.seed = given.field("seed").big();
  options.centre = given.field("centre").number(-largest, largest);
  options.scale = given.field("scale").number(1e-30, largest);
  options.usersConditional = given.field("usersConditional").flag();
  options.itemsConditional = given.field("itemsConditional").flag();
  options.ordinal = given.field("ordinal").flag();
  threads_ = threadsOf(given.field("threads"));
}

std::shared_ptr<const GaussianModel> GaussianObject::model() const {
  if (slot_->busy) throw busyError("the model is being trained");
  if (!slot_->trained.model || slot_->trained.model->samples() == 0) throw parameterError("the model has no samples yet");
  return slot_->trained.model;
}

Napi::Value GaussianObject::train(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const ratings::RatedEntries> entries = unwrap<RatingsObject>(Argument(info, 0, "ratings")).entries();
  const Argument given(info, 1, "plan");
  auto task = std::make_shared<TrainTask>();
  task->slot = slot_;
  task->plan.burnIn = given.field("burnIn").count(0, mostSweeps);
  task->plan.samples = given.field("samples").count(1, 1000);
  task->plan.thin = given.field("thin").count(1, mostSweeps);
  task->plan.values = scaleValuesOf(given.field("values"));
  task->features = {featuresOf(Argument(info, 2, "userFeatures")), featuresOf(Argument(info, 3, "itemFeatures"))};
  const Argument from(info, 4, "from");
  if (!from.isNull()) {
    const GaussianObject& other = unwrap<GaussianObject>(from);
    if (!other.slot_->trained.state || other.slot_->options.hidden != slot_->options.hidden)
      throw parameterError("`from` must be a trained model with as many hidden units");
    task->state = other.slot_->trained.state;
  }
  const auto rowsOf = [](const auto& features) { return features ? features->users() : 0; };
  if ((task->features.users && rowsOf(task->features.users) != entries->users()) ||
      (task->features.items && rowsOf(task->features.items) != entries->items()))
    throw shapeError("side features must have as many rows as there are users, or items");
  if (task->state && slot_->options.ordinal && task->state->cuts.size() + 1 != task->plan.values.size())
    throw shapeError("`from` must have the same scale");
  if (slot_->busy) throw busyError("the model is being trained");
  task->entries = entries;
  task->options = slot_->options;
  task->options.values = task->plan.values;
  if (task->options.ordinal && task->options.values.size() < 2) throw parameterError("ordinal ratings need a scale");
  task->threads = threads_;
  slot_->busy = true;
  return startJob(info.Env(), task);
}

Napi::Value GaussianObject::setModel(const Napi::CallbackInfo& info) {
  const std::size_t items = Argument(info, 0, "items").count(1, maxCount), samples = Argument(info, 4, "samples").count(1, 1000);
  ratings::ValueScale scale;
  scale.values = scaleValuesOf(Argument(info, 1, "values"));
  const Argument cuts(info, 2, "cuts");
  scale.cuts = risingOf(cuts);
  scale.spread = Argument(info, 3, "spread").number(1e-30, largest);
  if (scale.cuts.size() + 1 != std::max<std::size_t>(scale.values.size(), 1)) cuts.refuse("one cut between any two values");
  if (slot_->busy) throw busyError("the model is being trained");
  loading_ = std::make_shared<GaussianModel>(items, slot_->options.hidden, samples, slot_->options.usersConditional, slot_->options.centre,
                                             slot_->options.scale);
  if (slot_->options.ordinal && scale.values.size() < 2) throw parameterError("ordinal ratings need a scale");
  loading_->setValues(scale);
  if (slot_->options.ordinal) loading_->setOrdinal();
  slot_->trained.model = loading_;
  return info.Env().Undefined();
}

Napi::Value GaussianObject::addSample(const Napi::CallbackInfo& info) {
  const GaussianSample sample = gaussianSampleOf(Argument(info, 0, "sample"), slot_->options.hidden);
  if (!loading_ || loading_ != slot_->trained.model) throw parameterError("setModel must come before samples");
  loading_->add(sample);
  return info.Env().Undefined();
}

Napi::Value GaussianObject::samples(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), slot_->trained.model ? static_cast<double>(slot_->trained.model->samples()) : 0);
}

Napi::Value GaussianObject::sample(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const GaussianModel> all = model();
  const std::size_t number = Argument(info, 0, "number").count(0, all->samples() - 1);
  return gaussianSample(info.Env(), all->sample(number), all->hidden());
}

Napi::Value GaussianObject::values(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const GaussianModel> all = model();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("values", arrayOf(info.Env(), all->values().values));
  object.Set("cuts", arrayOf(info.Env(), all->values().cuts));
  object.Set("spread", Napi::Number::New(info.Env(), all->values().spread));
  return object;
}

Napi::Value GaussianObject::state(const Napi::CallbackInfo& info) {
  if (slot_->busy) throw busyError("the model is being trained");
  const std::shared_ptr<const GaussianState> state = slot_->trained.state;
  if (!state) return info.Env().Null();
  return gaussianState(info.Env(), *state, slot_->options.hidden);
}

Napi::Value GaussianObject::setState(const Napi::CallbackInfo& info) {
  const auto state = std::make_shared<GaussianState>(gaussianStateOf(Argument(info, 0, "state"), slot_->options));
  if (slot_->busy) throw busyError("the model is being trained");
  slot_->trained.state = state;
  return info.Env().Undefined();
}

Napi::Value GaussianObject::scores(const Napi::CallbackInfo& info) {
  const Argument atLeast(info, 3, "atLeast");
  const bool chance = !atLeast.isNull();
  const double threshold = chance ? atLeast.number(-largest, largest) : 0;
  const std::shared_ptr<const GaussianModel> all = model();
  if (chance && all->values().values.empty()) throw parameterError("`atLeast` needs a model with a scale");
  const auto given =
      std::make_shared<const Given>(Argument(info, 0, "counts"), Argument(info, 1, "items"), Argument(info, 2, "values"), all->items());
  const double k = static_cast<double>(all->hidden() + 1), samples = static_cast<double>(all->samples());
  const double work = samples * (static_cast<double>(given->items.size()) * k * k / 8 +
                                 static_cast<double>(given->users.size()) *
                                     (k * k * k / 3 + static_cast<double>(all->items()) * (chance || all->ordinal() ? k * k : k / 8)));
  const auto task = std::make_shared<ScoresTask>(info.Env(), all, given, chance, threshold, work > workAtOnce ? threads_ : 1);
  if (work > workAtOnce) return startJob(info.Env(), task);
  task->run(Cancelled(false), [] {});
  return task->result(info.Env());
}

Napi::Value GaussianObject::predict(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const GaussianModel> all = model();
  const Argument asked(info, 2, "asked");
  const std::span<const std::uint32_t> wanted = asked.view<std::uint32_t>();
  const Napi::Env env = info.Env();
  const std::size_t n = wanted.size(), v = all->values().values.size();
  for (const std::uint32_t item : wanted)
    if (item >= all->items()) asked.refuse("items below " + std::to_string(all->items()));
  const Given given(Argument(info, 0, "items"), Argument(info, 1, "values"), all->items());
  const std::vector<ratings::RatingPrediction> found = all->predict(given.users.front(), asked.view<std::uint32_t>());
  const ResultArray<double> mean(env, n), variance(env, n), probabilities(env, n * v);
  for (std::size_t i = 0; i < n; ++i) {
    mean.values()[i] = found[i].mean;
    variance.values()[i] = found[i].variance;
    std::copy(found[i].probabilities.begin(), found[i].probabilities.end(), probabilities.values().begin() + i * v);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("mean", mean.value());
  object.Set("variance", variance.value());
  object.Set("probabilities", probabilities.value());
  return object;
}

Napi::Value GaussianObject::similar(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const GaussianModel> all = model();
  const std::size_t item = Argument(info, 0, "item").count(0, all->items() - 1);
  const ResultArray<float> result(info.Env(), all->items());
  all->similar(item, result.values());
  return result.value();
}

Napi::Value GaussianObject::contributions(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const GaussianModel> all = model();
  const std::size_t item = Argument(info, 2, "item").count(0, all->items() - 1);
  const Given given(Argument(info, 0, "items"), Argument(info, 1, "values"), all->items());
  const ResultArray<double> result(info.Env(), given.items.size());
  all->contributions(given.users.front(), item, result.values());
  return result.value();
}

}  // namespace boltzkit::binding
