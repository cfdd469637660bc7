// Machine.partition(): log Z. Machine.lengthSums(): log Z by length. Machine.rowSums(): log p* of
// rows. All always run on a thread: a pilot, a warm-up and two anneals are never little work.
#include <algorithm>

#include "binding/arrays.hpp"
#include "binding/convert.hpp"
#include "binding/layer_rows.hpp"
#include "binding/machine.hpp"
#include "likelihood/length_sums.hpp"
#include "likelihood/partition.hpp"
#include "likelihood/row_sums.hpp"

namespace boltzkit::binding {
namespace {

constexpr std::uint64_t mostChains = 1 << 24, mostTemperatures = 1 << 28;

PartitionOptions partitionOptionsOf(const Argument& options, const Wiring& wiring) {
  using Method = PartitionOptions::Method;
  PartitionOptions o;
  o.method = options.field("method").choice<Method>(
      {{"auto", Method::automatic}, {"exact", Method::exact}, {"ais", Method::annealed}, {"ladder", Method::ladder}});
  o.rows = layerRowsListOf(options.field("rows"), wiring, 0);
  o.chains = options.field("chains").count(2, mostChains);
  o.temperatures = options.field("temperatures").count(0, mostTemperatures);
  o.warmup = options.field("warmup").count(0, maxStreamStep / 4);
  const std::span<const double> betas = options.field("betas").view<double>();
  o.betas.assign(betas.begin(), betas.end());
  return o;
}

Napi::Value intervalOf(Napi::Env env, const std::optional<Interval>& interval) {
  if (!interval) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("value", Napi::Number::New(env, interval->value));
  object.Set("low", Napi::Number::New(env, interval->low));
  object.Set("high", Napi::Number::New(env, interval->high));
  return object;
}

const char* nameOf(PartitionOptions::Method method) {
  if (method == PartitionOptions::Method::exact) return "exact";
  return method == PartitionOptions::Method::ladder ? "ladder" : "ais-bracket";
}

class PartitionTask : public Task {
 public:
  PartitionTask(std::shared_ptr<Machine> machine, PartitionOptions options) : machine_(std::move(machine)), options_(std::move(options)) {}

  void run(const Cancelled& cancelled, const Wake&) override { result_ = partition(*machine_, options_, cancelled); }

  Napi::Value result(Napi::Env env) override {
    Napi::Object object = Napi::Object::New(env);
    object.Set("method", nameOf(result_->method));
    object.Set("logZ", intervalOf(env, result_->logZ));
    object.Set("forward", intervalOf(env, result_->forward));
    object.Set("reverse", intervalOf(env, result_->reverse));
    object.Set("effectiveSampleSize", Napi::Number::New(env, result_->effectiveSampleSize));
    object.Set("reverseSampleSize", Napi::Number::New(env, result_->reverseSampleSize));
    object.Set("ladder", intervalOf(env, result_->ladder));
    object.Set("fewestArrivals", Napi::Number::New(env, static_cast<double>(result_->fewestArrivals)));
    object.Set("excess", Napi::Number::New(env, result_->excess));
    object.Set("overlap", Napi::Number::New(env, result_->overlap));
    return object;
  }

 private:
  std::shared_ptr<Machine> machine_;
  PartitionOptions options_;
  std::optional<PartitionResult> result_;
};

class RowSumsTask : public Task {
 public:
  RowSumsTask(Napi::Env env, std::shared_ptr<Machine> machine, std::vector<LayerRows> given)
      : machine_(std::move(machine)), given_(std::move(given)), values_(env, given_.front().rows->rows()) {}

  void run(const Cancelled& cancelled, const Wake&) override {
    const RowSums sums = rowSums(*machine_, given_, cancelled);
    std::copy(sums.values.begin(), sums.values.end(), values_.values().begin());
    exact_ = sums.exact;
  }

  Napi::Value result(Napi::Env env) override {
    Napi::Object object = Napi::Object::New(env);
    object.Set("values", values_.value());
    object.Set("exact", Napi::Boolean::New(env, exact_));
    return object;
  }

 private:
  std::shared_ptr<Machine> machine_;
  std::vector<LayerRows> given_;
  ResultArray<double> values_;
  bool exact_ = false;
};

LengthOptions lengthOptionsOf(const Argument& options) {
  LengthOptions o;
  o.exact = options.field("exact").flag();
  o.chains = options.field("chains").count(2, mostChains);
  o.steps = options.field("steps").count(1, mostTemperatures);
  o.warmup = options.field("warmup").count(0, maxStreamStep / 4);
  const std::span<const std::uint32_t> lengths = options.field("lengths").view<std::uint32_t>();
  o.lengths.assign(lengths.begin(), lengths.end());
  return o;
}

class LengthSumsTask : public Task {
 public:
  LengthSumsTask(std::shared_ptr<Machine> machine, LengthOptions options) : machine_(std::move(machine)), options_(std::move(options)) {}

  void run(const Cancelled& cancelled, const Wake&) override { sums_ = lengthSums(*machine_, options_, cancelled); }

  Napi::Value result(Napi::Env env) override {
    Napi::Array list = Napi::Array::New(env, options_.lengths.size());
    for (std::uint32_t i = 0; i < list.Length(); ++i) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("forward", intervalOf(env, sums_.forward[i]));
      object.Set("reverse", intervalOf(env, sums_.reverse[i]));
      object.Set("effectiveSampleSize", Napi::Number::New(env, std::min(sums_.forwardSamples[i], sums_.reverseSamples[i])));
      list.Set(i, object);
    }
    return list;
  }

 private:
  std::shared_ptr<Machine> machine_;
  LengthOptions options_;
  LengthSums sums_;
};

}  // namespace

Napi::Value MachineObject::lengthSums(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  LengthOptions options = lengthOptionsOf(Argument(info, 0, "options"));
  validateLengthSums(*machine, options);
  handle_->idle();
  return handle_->start(info.Env(), std::make_shared<LengthSumsTask>(machine, std::move(options)), false);
}

Napi::Value MachineObject::rowSums(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  handle_->idle();
  return handle_->start(info.Env(), std::make_shared<RowSumsTask>(info.Env(), machine, std::move(given)), false);
}

Napi::Value MachineObject::partition(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  PartitionOptions options = partitionOptionsOf(Argument(info, 0, "options"), machine->wiring());
  validatePartition(*machine, options);
  handle_->idle();
  return handle_->start(info.Env(), std::make_shared<PartitionTask>(machine, std::move(options)), false);
}

}  // namespace boltzkit::binding
