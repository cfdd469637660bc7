#include "binding/softmax.hpp"

#include <algorithm>
#include <numeric>

#include "binding/arrays.hpp"
#include "binding/ratings.hpp"
#include "binding/softmax_convert.hpp"
#include "binding/start_job.hpp"
#include "binding/threads.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

using ratings::SoftmaxMachine;

// Entries of cases, copied from JavaScript's arrays.
struct OwnedCases {
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint32_t> visibles;
  std::vector<std::uint8_t> categories;
  ratings::CaseEntries view() const { return {offsets, visibles, categories}; }
};

OwnedCases casesOf(const Napi::CallbackInfo& info, const SoftmaxMachine& machine) {
  OwnedCases cases;
  const std::span<const std::uint32_t> offsets = Argument(info, 0, "offsets").view<std::uint32_t>();
  cases.offsets.assign(offsets.begin(), offsets.end());
  cases.visibles = copyOf<std::uint32_t>(Argument(info, 1, "visibles"));
  cases.categories = copyOf<std::uint8_t>(Argument(info, 2, "categories"));
  checkCases(machine, cases.view());
  return cases;
}

// Fills an array of floats.
class FloatsTask : public Task {
 public:
  using Fill = std::function<void(const Cancelled&, std::span<float>)>;
  FloatsTask(Napi::Env env, std::size_t length, Fill fill) : result_(env, length), fill_(std::move(fill)) {}
  void run(const Cancelled& cancelled, const Wake&) override { fill_(cancelled, result_.values()); }
  Napi::Value result(Napi::Env) override { return result_.value(); }

 private:
  ResultArray<float> result_;
  Fill fill_;
};

}  // namespace

Napi::Function SoftmaxMachineObject::define(Napi::Env env) {
  using M = SoftmaxMachineObject;
  return defineClass<M>(env, {getter<M, &M::bytes>("bytes"), method<M, &M::fields>("fields"), method<M, &M::fieldsNow>("fieldsNow"),
                              method<M, &M::scores>("scores"), method<M, &M::probabilities>("probabilities")});
}

SoftmaxMachineObject::SoftmaxMachineObject(const Napi::CallbackInfo& info) : memory_(info.Env()) {
  const auto machine = std::make_shared<SoftmaxMachine>(softmaxSpecOf(Argument(info, 0, "spec")));
  setSoftmaxParameters(*machine, Argument(info, 1, "parameters"));
  machine_ = machine;
  memory_.set(machine_->bytes());
}

Napi::Value SoftmaxMachineObject::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(machine_->bytes()));
}

Napi::Value SoftmaxMachineObject::fields(const Napi::CallbackInfo& info) {
  const unsigned threads = threadsOf(Argument(info, 3, "threads"));
  auto cases = std::make_shared<const OwnedCases>(casesOf(info, *machine_));
  const std::size_t length = checkedMultiply(cases->view().cases(), machine_->hidden());
  return startJob(info.Env(), std::make_shared<FloatsTask>(info.Env(), length,
                                                           [cases, threads, machine = machine_](const Cancelled&, std::span<float> out) {
                                                             softmaxFields(*machine, cases->view(), threads, out);
                                                           }));
}

Napi::Value SoftmaxMachineObject::fieldsNow(const Napi::CallbackInfo& info) {
  const OwnedCases cases = casesOf(info, *machine_);
  const ResultArray<float> result(info.Env(), checkedMultiply(cases.view().cases(), machine_->hidden()));
  softmaxFields(*machine_, cases.view(), 1, result.values());
  return result.value();
}

Napi::Value SoftmaxMachineObject::scores(const Napi::CallbackInfo& info) {
  struct Question {
    std::vector<float> fields;
    std::vector<std::uint32_t> visibles;
    std::vector<double> worth;
  };
  const Argument visibles(info, 1, "visibles");
  const bool all = visibles.isNull();
  const ratings::SoftmaxRule rule = softmaxRuleOf(Argument(info, 3, "rule"));
  const bool turned = Argument(info, 4, "turned").flag();
  const unsigned threads = threadsOf(Argument(info, 5, "threads"));
  auto owned = std::make_shared<Question>();
  owned->fields = copyOf<float>(Argument(info, 0, "fields"));
  owned->worth = copyOf<double>(Argument(info, 2, "worth"));
  if (all) {
    owned->visibles.resize(machine_->visibles());
    std::iota(owned->visibles.begin(), owned->visibles.end(), 0u);
  } else {
    owned->visibles = copyOf<std::uint32_t>(visibles);
  }
  const std::size_t length = checkedMultiply(owned->fields.size() / machine_->hidden(), owned->visibles.size());
  return startJob(info.Env(), std::make_shared<FloatsTask>(info.Env(), length,
                                                           [=, machine = machine_](const Cancelled& cancelled, std::span<float> out) {
                                                             softmaxScores(*machine,
                                                                           {.fields = owned->fields,
                                                                            .visibles = owned->visibles,
                                                                            .worth = owned->worth,
                                                                            .rule = rule,
                                                                            .turned = turned,
                                                                            .threads = threads},
                                                                           cancelled, out);
                                                           }));
}

Napi::Value SoftmaxMachineObject::probabilities(const Napi::CallbackInfo& info) {
  const ratings::SoftmaxRule rule = softmaxRuleOf(Argument(info, 3, "rule"));
  const std::span<const float> fields = Argument(info, 0, "fields").view<float>();
  const std::span<const std::uint32_t> cases = Argument(info, 1, "cases").view<std::uint32_t>(),
                                       visibles = Argument(info, 2, "visibles").view<std::uint32_t>();
  const ResultArray<double> result(info.Env(), checkedMultiply(visibles.size(), machine_->categories()));
  softmaxProbabilities(*machine_, fields, cases, visibles, rule, result.values());
  return result.value();
}

// --- trainer ------------------------------------------------------------------------------------

struct SoftmaxTrainerObject::Shared {
  ratings::SoftmaxTrainer trainer;
  bool running = false;  // the environment's thread alone uses it
};

namespace {

// Runs some epochs of a trainer and gives its number of epochs back.
template <class Shared>
class EpochsTask : public Task {
 public:
  EpochsTask(std::shared_ptr<Shared> shared, std::size_t epochs) : shared_(std::move(shared)), epochs_(epochs) { shared_->running = true; }
  ~EpochsTask() override { shared_->running = false; }
  void run(const Cancelled& cancelled, const Wake&) override { shared_->trainer.run(epochs_, cancelled); }
  Napi::Value result(Napi::Env env) override { return Napi::Number::New(env, static_cast<double>(shared_->trainer.epoch())); }

 private:
  std::shared_ptr<Shared> shared_;
  std::size_t epochs_;
};

}  // namespace

Napi::Function SoftmaxTrainerObject::define(Napi::Env env) {
  using T = SoftmaxTrainerObject;
  return defineClass<T>(
      env, {getter<T, &T::epoch>("epoch"), getter<T, &T::bytes>("bytes"), method<T, &T::adopt>("adopt"), method<T, &T::run>("run"),
            method<T, &T::parameters>("parameters"), method<T, &T::state>("state"), method<T, &T::restore>("restore")});
}

SoftmaxTrainerObject::SoftmaxTrainerObject(const Napi::CallbackInfo& info) : memory_(info.Env()) {
  ratings::SoftmaxOptions options = softmaxOptionsOf(Argument(info, 2, "options"));
  options.threads = threadsOf(Argument(info, 2, "options").field("threads"));
  const ratings::SoftmaxSpec spec = softmaxSpecOf(Argument(info, 1, "spec"));
  const auto entries = unwrap<RatingsObject>(Argument(info, 0, "ratings")).entries();
  shared_ = std::shared_ptr<Shared>(new Shared{ratings::SoftmaxTrainer(entries, spec, options)});
  memory_.set(shared_->trainer.bytes());
}

ratings::SoftmaxTrainer& SoftmaxTrainerObject::idle() const {
  if (shared_->running) throw busyError("the trainer is in the middle of another job");
  return shared_->trainer;
}

Napi::Value SoftmaxTrainerObject::epoch(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(idle().epoch()));
}

Napi::Value SoftmaxTrainerObject::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(idle().bytes()));
}

Napi::Value SoftmaxTrainerObject::adopt(const Napi::CallbackInfo& info) {
  const auto older = unwrap<SoftmaxMachineObject>(Argument(info, 0, "older")).machine();
  idle().adopt(*older);
  return info.Env().Undefined();
}

Napi::Value SoftmaxTrainerObject::run(const Napi::CallbackInfo& info) {
  const std::size_t epochs = Argument(info, 0, "epochs").count(0, maxCount);
  idle();
  return startJob(info.Env(), std::make_shared<EpochsTask<Shared>>(shared_, epochs));
}

Napi::Value SoftmaxTrainerObject::parameters(const Napi::CallbackInfo& info) { return softmaxParameters(info.Env(), *idle().machine()); }

Napi::Value SoftmaxTrainerObject::state(const Napi::CallbackInfo& info) { return softmaxState(info.Env(), idle().state()); }

Napi::Value SoftmaxTrainerObject::restore(const Napi::CallbackInfo& info) {
  const ratings::SoftmaxState state = softmaxStateOf(Argument(info, 0, "state"));
  idle().restore(state);
  return info.Env().Undefined();
}

}  // namespace boltzkit::binding
