// Machine methods that compute results: each reads its arguments, then runs a function here or in a
// job.
#include <algorithm>

#include "binding/array_task.hpp"
#include "binding/arrays.hpp"
#include "binding/convert.hpp"
#include "binding/cost.hpp"
#include "binding/layer_rows.hpp"
#include "binding/machine.hpp"
#include "core/checked.hpp"
#include "likelihood/mean_field.hpp"
#include "likelihood/pseudo_likelihood.hpp"

namespace boltzkit::binding {
namespace {

constexpr std::uint64_t maxSteps = maxStreamStep;

ImputeOptions imputeOptionsOf(const Argument& options, const Wiring& wiring) {
  ImputeOptions o;
  o.given = layerRowsListOf(options.field("given"), wiring);
  const Argument layers = options.field("layers");
  const std::uint32_t n = layers.length(mostLayers);
  for (std::uint32_t i = 0; i < n; ++i) o.layers.push_back(layerOf(layers.item(i), wiring));
  o.warmup = options.field("warmup").count(0, maxSteps / 4);
  o.steps = options.field("steps").count(1, maxSteps / 4);
  o.output = drawOf(options.field("output"));
  return o;
}

// A task that fills several arrays of known lengths.
class ArraysTask : public Task {
 public:
  using Compute = std::function<std::vector<std::vector<float>>(const Cancelled&)>;
  ArraysTask(Napi::Env env, const std::vector<std::size_t>& lengths, Compute compute) : compute_(std::move(compute)) {
    for (const std::size_t length : lengths) results_.emplace_back(env, length);
  }

  void run(const Cancelled& cancelled, const Wake&) override {
    const std::vector<std::vector<float>> values = compute_(cancelled);
    for (std::size_t i = 0; i < results_.size(); ++i) std::copy(values[i].begin(), values[i].end(), results_[i].values().begin());
  }
  Napi::Value result(Napi::Env env) override {
    Napi::Array list = Napi::Array::New(env, results_.size());
    for (std::uint32_t i = 0; i < results_.size(); ++i) list.Set(i, results_[i].value());
    return list;
  }

 private:
  std::vector<ResultArray<float>> results_;
  Compute compute_;
};

std::size_t rowsOf(const std::vector<LayerRows>& given) { return given.front().rows->rows(); }

// True if passing these rows up through machines is little work, or if there are none.
bool littlePassing(const std::vector<LayerRows>& given) {
  for (const LayerRows& rows : given)
    for (std::size_t level = 0; rows.through && level < rows.through->size(); ++level)
      if (!Cost(rows.through->machine(level)).small(static_cast<double>(rowsOf(given)), 1)) return false;
  return true;
}

// True if the pseudo-likelihood of these rows is little work.
bool littleUnitWork(const Machine& machine, const std::vector<LayerRows>& given, bool exact) {
  std::vector<bool> layers = noLayer(machine);
  for (const LayerRows& layer : given) layers[layer.layer] = true;
  const double units = exact ? static_cast<double>(unitCount(machine, layers)) : static_cast<double>(given.size());
  return littlePassing(given) &&
         Cost(machine).small(static_cast<double>(rowsOf(given)), 2, units * PseudoLikelihood::workPerUnit(machine, layers));
}

}  // namespace

Napi::Value MachineObject::conditional(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::shared_ptr<Inference> inference = handle_->inference;
  const std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  const std::size_t target = layerOf(Argument(info, 1, "target"), machine->wiring());
  const Draw draw = drawOf(Argument(info, 2, "draw"));
  const std::size_t rows = rowsOf(given);
  return fillArray<float>(
      info.Env(), *handle_, checkedMultiply(rows, machine->places(target)),
      nowOf(info, 3) || (littlePassing(given) && Cost(*machine).small(rows, 1)),
      [=](const Cancelled& cancelled, std::span<float> out) { inference->conditional(given, target, draw, cancelled, out); });
}

Napi::Value MachineObject::categoryProbabilities(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::shared_ptr<Inference> inference = handle_->inference;
  const std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  const std::size_t layer = layerOf(Argument(info, 1, "layer"), machine->wiring());
  const std::size_t rows = rowsOf(given), categories = machine->places(layer);
  return fillArray<float>(
      info.Env(), *handle_, checkedMultiply(rows, categories),
      nowOf(info, 2) || (littlePassing(given) && Cost(*machine).small(rows, static_cast<double>(categories))),
      [=](const Cancelled& cancelled, std::span<float> out) { inference->categoryProbabilities(given, layer, cancelled, out); });
}

Napi::Value MachineObject::reconstruct(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::shared_ptr<Inference> inference = handle_->inference;
  const LayerRows given = layerRowsOf(Argument(info, 0, "given"), machine->wiring());
  const std::size_t via = layerOf(Argument(info, 1, "via"), machine->wiring());
  const Draw draw = drawOf(Argument(info, 2, "draw"));
  const std::size_t rows = given.rows->rows();
  return fillArray<float>(
      info.Env(), *handle_, checkedMultiply(rows, machine->places(given.layer)),
      nowOf(info, 3) || (littlePassing({given}) && Cost(*machine).small(rows, 2)),
      [=](const Cancelled& cancelled, std::span<float> out) { inference->reconstruct(given, via, draw, cancelled, out); });
}

Napi::Value MachineObject::energy(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::shared_ptr<Inference> inference = handle_->inference;
  const std::vector<LayerRows> all = layerRowsListOf(Argument(info, 0, "all"), machine->wiring());
  return fillArray<double>(info.Env(), *handle_, rowsOf(all), littlePassing(all) && Cost(*machine).small(rowsOf(all), 1),
                           [=](const Cancelled& cancelled, std::span<double> out) { inference->energy(all, cancelled, out); });
}

Napi::Value MachineObject::freeEnergy(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::shared_ptr<Inference> inference = handle_->inference;
  const std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  return fillArray<double>(info.Env(), *handle_, rowsOf(given),
                           nowOf(info, 1) || (littlePassing(given) && Cost(*machine).small(rowsOf(given), 1)),
                           [=](const Cancelled& cancelled, std::span<double> out) { inference->freeEnergy(given, cancelled, out); });
}

Napi::Value MachineObject::meanField(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  const std::size_t layer = layerOf(Argument(info, 1, "layer"), machine->wiring());
  const std::uint64_t sweeps = Argument(info, 2, "sweeps").count(1, maxSteps);
  const std::size_t rows = rowsOf(given);
  return fillArray<float>(
      info.Env(), *handle_, checkedMultiply(rows, machine->places(layer)),
      littlePassing(given) && Cost(*machine).small(rows, static_cast<double>(sweeps)),
      [=](const Cancelled& cancelled, std::span<float> out) { meanFieldMeans(*machine, given, layer, sweeps, cancelled, out); });
}

Napi::Value MachineObject::meanFieldBound(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  const std::uint64_t sweeps = Argument(info, 1, "sweeps").count(1, maxSteps);
  return fillArray<double>(
      info.Env(), *handle_, rowsOf(given), littlePassing(given) && Cost(*machine).small(rowsOf(given), static_cast<double>(sweeps)),
      [=](const Cancelled& cancelled, std::span<double> out) { meanFieldBounds(*machine, given, sweeps, cancelled, out); });
}

Napi::Value MachineObject::pseudoLikelihood(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  const bool exact = Argument(info, 1, "exact").flag();
  return fillArray<double>(
      info.Env(), *handle_, rowsOf(given), nowOf(info, 2) || littleUnitWork(*machine, given, exact),
      [=](const Cancelled& cancelled, std::span<double> out) { pseudoLikelihoodOf(*machine, given, exact, cancelled, out); });
}

Napi::Value MachineObject::placeSurprise(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const std::vector<LayerRows> given = layerRowsListOf(Argument(info, 0, "given"), machine->wiring());
  std::size_t units = 0;
  for (const LayerRows& layer : given) units += unitCount(machine->wiring().layers()[layer.layer]);
  return fillArray<double>(info.Env(), *handle_, checkedMultiply(rowsOf(given), units),
                           nowOf(info, 1) || littleUnitWork(*machine, given, true),
                           [=](const Cancelled& cancelled, std::span<double> out) { unitSurprises(*machine, given, cancelled, out); });
}

Napi::Value MachineObject::impute(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> machine = present();
  const auto options = std::make_shared<const ImputeOptions>(imputeOptionsOf(Argument(info, 0, "options"), machine->wiring()));
  const std::size_t rows = rowsOf(options->given);
  std::vector<std::size_t> lengths;
  for (const std::size_t layer : options->layers) lengths.push_back(checkedMultiply(rows, machine->places(layer)));
  const bool small =
      littlePassing(options->given) && Cost(*machine).small(rows, 2 * (static_cast<double>(options->warmup + options->steps) + 1));
  const auto compute = [=](const Cancelled& cancelled) { return boltzkit::impute(*machine, *options, cancelled); };
  handle_->idle();
  return handle_->start(info.Env(), std::make_shared<ArraysTask>(info.Env(), lengths, compute), small);
}

}  // namespace boltzkit::binding
