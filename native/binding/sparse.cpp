#include "binding/sparse.hpp"

#include <algorithm>

#include "binding/arrays.hpp"
#include "binding/ratings.hpp"
#include "binding/start_job.hpp"
#include "binding/threads.hpp"
#include "core/checked.hpp"
#include "ratings/sparse_couplings.hpp"

namespace boltzkit::binding {
namespace {

constexpr double littleWork = 4e6;

// One number per user or item, finite and at least 0.
template <class T>
std::vector<T> numbersOf(const Argument& argument, std::size_t count) {
  const std::span<const T> view = argument.view<T>();
  if (view.size() != count)
    throw shapeError("`" + argument.name() + "` must have " + std::to_string(count) + " numbers, got " + std::to_string(view.size()));
  for (const T value : view)
    if (!(value >= 0 && value < std::numeric_limits<T>::infinity()))
      throw parameterError("`" + argument.name() + "` must hold finite numbers of at least 0, got " + decimal(static_cast<double>(value)));
  return {view.begin(), view.end()};
}

std::vector<float> weightsOf(const Argument& argument, std::size_t users) {
  return argument.isNull() ? std::vector<float>() : numbersOf<float>(argument, users);
}

template <class Array, class T>
Napi::Value copied(Napi::Env env, const std::vector<T>& values) {
  Array array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

class SparseTask : public Task {
 public:
  SparseTask(std::shared_ptr<const ratings::RatedEntries> entries, std::vector<float> weights, std::vector<double> ridge,
             std::size_t neighbours, unsigned threads)
      : entries_(std::move(entries)), weights_(std::move(weights)), ridge_(std::move(ridge)), neighbours_(neighbours), threads_(threads) {}

  void run(const Cancelled& cancelled, const Wake&) override {
    const Interruptible here(cancelled);
    ThreadTeam team(threads_);
    made_ = ratings::sparseCouplings(*entries_, weights_, ridge_, neighbours_, team);
  }
  Napi::Value result(Napi::Env env) override {
    Napi::Object object = Napi::Object::New(env);
    object.Set("offsets", copied<Napi::Uint32Array>(env, made_.offsets));
    object.Set("items", copied<Napi::Uint32Array>(env, made_.items));
    object.Set("values", copied<Napi::Float32Array>(env, made_.values));
    object.Set("precisions", copied<Napi::Float64Array>(env, made_.precisions));
    return object;
  }

 private:
  std::shared_ptr<const ratings::RatedEntries> entries_;
  std::vector<float> weights_;
  std::vector<double> ridge_;
  std::size_t neighbours_;
  unsigned threads_;
  ratings::SparseCouplings made_;
};

// Couplings stay JavaScript's; the caller leaves them alone until the job is over.
class SparseScoreTask : public Task {
 public:
  SparseScoreTask(Napi::Env env, const Argument& couplings, const ratings::UserRows& given, std::size_t items,
                  const ratings::UserRows& rows, unsigned threads)
      : given_(given),
        items_(items),
        offsets_(rows.offsets.begin(), rows.offsets.end()),
        item_(rows.items.begin(), rows.items.end()),
        value_(rows.values.begin(), rows.values.end()),
        threads_(threads),
        result_(env, checkedMultiply(rows.users(), items)) {
    kept_ = Napi::Persistent(couplings.object());
  }
  void run(const Cancelled&, const Wake&) override { compute(threads_); }
  void compute(unsigned threads) {
    ThreadTeam team(threads);
    ratings::scoreSparse(given_.offsets, given_.items, given_.values, {offsets_, item_, value_}, items_, team, result_.values());
  }
  Napi::Value result(Napi::Env) override { return result_.value(); }

 private:
  ratings::UserRows given_;
  std::size_t items_;
  std::vector<std::uint32_t> offsets_, item_;
  std::vector<float> value_;
  unsigned threads_;
  ResultArray<float> result_;
  Napi::ObjectReference kept_;
};

}  // namespace

Napi::Value gramDiagonal(const Napi::CallbackInfo& info) {
  const std::shared_ptr<const ratings::RatedEntries> entries = unwrap<RatingsObject>(Argument(info, 0, "ratings")).entries();
  const std::vector<float> weights = weightsOf(Argument(info, 1, "weights"), entries->users());
  return copied<Napi::Float64Array>(info.Env(), ratings::gramDiagonal(*entries, weights));
}

Napi::Value sparseCouplings(const Napi::CallbackInfo& info) {
  const std::size_t neighbours = Argument(info, 3, "neighbours").count(1, 4096);
  const unsigned threads = threadsOf(Argument(info, 4, "threads"));
  const std::shared_ptr<const ratings::RatedEntries> entries = unwrap<RatingsObject>(Argument(info, 0, "ratings")).entries();
  std::vector<float> weights = weightsOf(Argument(info, 1, "weights"), entries->users());
  std::vector<double> ridge = numbersOf<double>(Argument(info, 2, "ridge"), entries->items());
  return startJob(info.Env(), std::make_shared<SparseTask>(entries, std::move(weights), std::move(ridge), neighbours, threads));
}

Napi::Value scoreSparse(const Napi::CallbackInfo& info) {
  const std::size_t items = Argument(info, 1, "items").count(0, maxCount);
  const unsigned threads = threadsOf(Argument(info, 5, "threads"));
  const Argument couplings(info, 0, "couplings");
  const ratings::UserRows given{couplings.field("offsets").view<std::uint32_t>(), couplings.field("items").view<std::uint32_t>(),
                                couplings.field("values").view<float>()};
  const ratings::UserRows rows{Argument(info, 2, "offsets").view<std::uint32_t>(), Argument(info, 3, "item").view<std::uint32_t>(),
                               Argument(info, 4, "value").view<float>()};
  checkUserRows(rows, items);
  if (given.offsets.size() != items + 1)
    throw shapeError("`couplings.offsets` must have " + std::to_string(items + 1) + " numbers, got " +
                     std::to_string(given.offsets.size()));
  checkUserRows(given, items);
  const double perEntry = items == 0 ? 0 : static_cast<double>(given.items.size()) / static_cast<double>(items);
  const double work = static_cast<double>(rows.items.size()) * perEntry + static_cast<double>(rows.users()) * static_cast<double>(items);
  auto task = std::make_shared<SparseScoreTask>(info.Env(), couplings, given, items, rows, threads);
  if (work >= littleWork) return startJob(info.Env(), std::move(task));
  task->compute(1);
  return task->result(info.Env());
}

}  // namespace boltzkit::binding
