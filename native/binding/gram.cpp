#include "binding/gram.hpp"

#include <algorithm>
#include <optional>

#include "binding/arrays.hpp"
#include "binding/ratings.hpp"
#include "binding/start_job.hpp"
#include "binding/threads.hpp"
#include "ratings/couplings.hpp"
#include "ratings/gram.hpp"

namespace boltzkit::binding {
namespace {

using ratings::MatrixKernels;
using ratings::TiledMatrix;

// Work of so many multiply-adds is done at once.
constexpr double littleWork = 4e6;

// What a job computes with. Made on the environment's thread, since a wrong name of kernels is the
// caller's error.
struct Means {
  explicit Means(const Argument& threads) : count(threadsOf(threads)), kernels(&ratings::matrixKernels()) {}
  unsigned count;
  const MatrixKernels* kernels;
};

class GramTask : public Task {
 public:
  GramTask(std::shared_ptr<const ratings::RatedEntries> entries, std::vector<float> weights, Means means,
           std::shared_ptr<GramObject::State> to)
      : entries_(std::move(entries)), weights_(std::move(weights)), means_(means), to_(std::move(to)) {}

  void run(const Cancelled& cancelled, const Wake&) override {
    const Interruptible here(cancelled);
    ThreadTeam team(means_.count);
    made_ = std::make_shared<const TiledMatrix>(gramMatrix(*entries_, weights_, team));
  }
  Napi::Value result(Napi::Env env) override {
    to_->matrix = std::move(made_);
    return env.Null();
  }

 private:
  std::shared_ptr<const ratings::RatedEntries> entries_;
  std::vector<float> weights_;
  Means means_;
  std::shared_ptr<GramObject::State> to_;
  std::shared_ptr<const TiledMatrix> made_;
};

class CouplingsTask : public Task {
 public:
  CouplingsTask(Napi::Env env, std::shared_ptr<const TiledMatrix> gram, std::vector<double> ridge, Means means)
      : gram_(std::move(gram)),
        ridge_(std::move(ridge)),
        means_(means),
        couplings_(env, checkedMultiply(gram_->size(), gram_->size())),
        precisions_(env, gram_->size()) {}

  void run(const Cancelled& cancelled, const Wake&) override {
    const Interruptible here(cancelled);
    ThreadTeam team(means_.count);
    TiledMatrix work = gram_->copy();
    logDeterminant_ = solveCouplings(work, ridge_, *means_.kernels, team, couplings_.values(), precisions_.values());
  }
  Napi::Value result(Napi::Env env) override {
    Napi::Object object = Napi::Object::New(env);
    object.Set("couplings", couplings_.value());
    object.Set("precisions", precisions_.value());
    object.Set("logDeterminant", Napi::Number::New(env, logDeterminant_));
    return object;
  }

 private:
  std::shared_ptr<const TiledMatrix> gram_;
  std::vector<double> ridge_;
  Means means_;
  ResultArray<float> couplings_;
  ResultArray<double> precisions_;
  double logDeterminant_ = 0;
};

// The matrix stays JavaScript's; the caller keeps it as it is until the job is over.
class ScoreTask : public Task {
 public:
  ScoreTask(Napi::Env env, const Argument& matrix, std::size_t items, const ratings::UserRows& rows, Means means, bool missing)
      : matrix_(matrix.view<float>()),
        items_(items),
        offsets_(rows.offsets.begin(), rows.offsets.end()),
        item_(rows.items.begin(), rows.items.end()),
        value_(rows.values.begin(), rows.values.end()),
        means_(means),
        missing_(missing),
        result_(env, checkedMultiply(rows.users(), items)) {
    kept_ = Napi::Persistent(matrix.object());
  }

  void run(const Cancelled& cancelled, const Wake&) override {
    const Interruptible here(cancelled);
    ThreadTeam team(means_.count);
    compute(team);
  }
  Napi::Value runNow() {
    ThreadTeam team(1);
    compute(team);
    return result_.value();
  }
  Napi::Value result(Napi::Env) override { return result_.value(); }

 private:
  void compute(ThreadTeam& team) {
    const ratings::UserRows rows{offsets_, item_, value_};
    if (missing_)
      conditionRows(matrix_, items_, rows, *means_.kernels, team, result_.values());
    else
      scoreRows(matrix_, items_, rows, *means_.kernels, team, result_.values());
  }

  std::span<const float> matrix_;
  std::size_t items_;
  std::vector<std::uint32_t> offsets_, item_;
  std::vector<float> value_;
  Means means_;
  bool missing_;
  ResultArray<float> result_;
  Napi::ObjectReference kept_;
};

std::vector<double> ridgeOf(const Argument& argument, std::size_t items) {
  const std::span<const double> ridge = argument.view<double>();
  if (ridge.size() != items)
    throw shapeError("`" + argument.name() + "` must have one number per item (" + std::to_string(items) + "), got " +
                     std::to_string(ridge.size()));
  for (const double value : ridge)
    if (!(value >= 0 && value < std::numeric_limits<double>::infinity()))
      throw parameterError("`" + argument.name() + "` must hold finite numbers of at least 0, got " + decimal(value));
  return {ridge.begin(), ridge.end()};
}

}  // namespace

Napi::Function GramObject::define(Napi::Env env) {
  using G = GramObject;
  return defineClass<GramObject>(env,
                                 {getter<G, &G::items>("items"), method<G, &G::compute>("compute"), method<G, &G::diagonal>("diagonal"),
                                  method<G, &G::couplings>("couplings"), method<G, &G::covariance>("covariance")});
}

std::shared_ptr<const TiledMatrix> GramObject::present() const {
  if (!state_->matrix) throw parameterError("a Gram matrix must be computed before it is used");
  return state_->matrix;
}

Napi::Value GramObject::compute(const Napi::CallbackInfo& info) {
  const Argument weights(info, 1, "weights");
  const Means means(Argument(info, 2, "threads"));
  const std::shared_ptr<const ratings::RatedEntries> entries = unwrap<RatingsObject>(Argument(info, 0, "ratings")).entries();
  std::vector<float> given;
  if (!weights.isNull()) {
    const std::span<const float> view = weights.view<float>();
    if (view.size() != entries->users())
      throw shapeError("`weights` must have one number per user (" + std::to_string(entries->users()) + "), got " +
                       std::to_string(view.size()));
    for (const float value : view)
      if (!(value >= 0 && value < std::numeric_limits<float>::infinity()))
        throw parameterError("`weights` must hold finite numbers of at least 0, got " + decimal(value));
    given.assign(view.begin(), view.end());
  }
  memory_.set(TiledMatrix::bytes(entries->items()));
  return startJob(info.Env(), std::make_shared<GramTask>(entries, std::move(given), means, state_));
}

Napi::Value GramObject::items(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), state_->matrix ? static_cast<double>(state_->matrix->size()) : 0);
}

Napi::Value GramObject::diagonal(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const TiledMatrix> gram = present();
  const ResultArray<double> result(info.Env(), gram->size());
  for (std::size_t i = 0; i < gram->size(); ++i) result.values()[i] = gram->at(i, i);
  return result.value();
}

Napi::Value GramObject::couplings(const Napi::CallbackInfo& info) {
  const Means means(Argument(info, 1, "threads"));
  const std::shared_ptr<const TiledMatrix> gram = present();
  std::vector<double> ridge = ridgeOf(Argument(info, 0, "ridge"), gram->size());
  return startJob(info.Env(), std::make_shared<CouplingsTask>(info.Env(), gram, std::move(ridge), means));
}

Napi::Value GramObject::covariance(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const TiledMatrix> gram = present();
  const std::vector<double> ridge = ridgeOf(Argument(info, 0, "ridge"), gram->size());
  const ResultArray<float> result(info.Env(), checkedMultiply(gram->size(), gram->size()));
  ThreadTeam team(1);
  fillCovariance(*gram, ridge, team, result.values());
  return result.value();
}

Napi::Value scoreRows(const Napi::CallbackInfo& info) {
  const std::size_t items = Argument(info, 1, "items").count(0, maxCount);
  const Means means(Argument(info, 5, "threads"));
  const bool missing = Argument(info, 6, "missing").flag();
  const Argument matrix(info, 0, "matrix");
  const ratings::UserRows rows{Argument(info, 2, "offsets").view<std::uint32_t>(), Argument(info, 3, "item").view<std::uint32_t>(),
                               Argument(info, 4, "value").view<float>()};
  if (matrix.view<float>().size() != checkedMultiply(items, items))
    throw shapeError("`matrix` must have " + std::to_string(items) + " x " + std::to_string(items) + " numbers, got " +
                     std::to_string(matrix.view<float>().size()));
  checkUserRows(rows, items);
  double work = static_cast<double>(rows.items.size() + rows.users()) * static_cast<double>(items);
  if (missing)
    for (std::size_t u = 0; u < rows.users(); ++u) {
      const double count = rows.offsets[u + 1] - rows.offsets[u];
      work += count * count * count / 6;
    }
  auto task = std::make_shared<ScoreTask>(info.Env(), matrix, items, rows, means, missing);
  return work < littleWork ? task->runNow() : startJob(info.Env(), std::move(task));
}

}  // namespace boltzkit::binding
