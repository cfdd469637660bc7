// Machine.upDownTrainer(): up-down learning of a stack below the machine. Machine.beliefBound(): the
// bound of its likelihood.
#include "learning/up_down_update.hpp"

#include <algorithm>

#include "binding/arrays.hpp"
#include "binding/convert_run.hpp"
#include "binding/layer_rows.hpp"
#include "binding/machine.hpp"
#include "binding/model_parameters.hpp"
#include "binding/trainer.hpp"
#include "likelihood/belief_bound.hpp"

namespace boltzkit::binding {
namespace {

constexpr std::uint32_t mostLevels = 256;
constexpr std::uint64_t mostSamples = 1 << 24;

// The objects of a list of machines.
std::vector<const MachineObject*> machinesOf(const Argument& list) {
  const std::uint32_t n = list.length(mostLevels);
  if (n == 0) throw parameterError("`" + list.name() + "` must hold at least one machine");
  std::vector<const MachineObject*> machines;
  for (std::uint32_t i = 0; i < n; ++i) machines.push_back(&unwrap<MachineObject>(list.item(i)));
  return machines;
}

std::vector<std::shared_ptr<Machine>> presentOf(const std::vector<const MachineObject*>& objects) {
  std::vector<std::shared_ptr<Machine>> machines;
  for (const MachineObject* object : objects) machines.push_back(object->handle()->present());
  return machines;
}

// Factors of the halves of every level, then of the top, to factors of all parameters.
std::vector<double> ratesOf(const std::vector<double>& given, const Levels& levels, Machine& top) {
  if (given.empty()) return {};
  const std::size_t halves = 2 * levels.up.size();
  if (given.size() != halves + 1)
    throw shapeError("`options.rates` must have one factor for `up` and one for `down` of every level, and one for the top, " +
                     std::to_string(halves + 1) + ", got " + std::to_string(given.size()));
  std::vector<double> rates;
  for (std::size_t i = 0; i < halves; ++i) rates.insert(rates.end(), 2, given[i]);
  rates.insert(rates.end(), top.parameters().size(), given.back());
  return rates;
}

UpDownOptions upDownOptionsOf(const Argument& options) {
  using Kind = OptimiserStep::Kind;
  UpDownOptions o;
  readRunOptions(options, o);
  o.optimiser.kind = options.field("optimiser").choice<Kind>({{"sgd", Kind::sgd}, {"adam", Kind::adam}});
  o.steps = options.field("steps").count(1, maxStreamStep);
  o.chains = options.field("chains").count(0, maxCount);
  o.centred = options.field("centred").flag();
  o.offsetRate = options.field("offsetRate").number(0, 1);
  o.dreams = options.field("dreams").choice<Draw>({{"mean", Draw::mean}, {"sample", Draw::sample}});
  return o;
}

// Random steps are counted in 48 bits, and every update uses `steps` of them.
void requireCountable(const UpDownOptions& o, std::size_t rows) {
  const double perEpoch = std::ceil(static_cast<double>(rows) / static_cast<double>(o.batchSize));
  if (static_cast<double>(o.epochs) * perEpoch * static_cast<double>(std::max<std::uint64_t>(o.steps, 2)) >
      static_cast<double>(maxStreamStep))
    throw parameterError("`epochs` times `steps` must make fewer than 2^48 Gibbs sweeps in all");
}

// Gradients and momentum of all parameters, and the states of chains and batches.
std::size_t bytesOf(const Levels& levels, Machine& top, const UpDownOptions& o) {
  double values = 0, places = 0;
  for (const NamedTensor& p : upDownParameters(levels, top)) values += 2.0 * static_cast<double>(p.tensor->rows() * p.tensor->cols());
  for (const std::shared_ptr<Machine>& machine : levels.up) places += 6.0 * static_cast<double>(machine->places(0) + machine->places(1));
  for (const Layer& layer : top.wiring().layers()) places += 3.0 * static_cast<double>(layer.places);
  values += places * static_cast<double>(std::max(o.chains, o.batchSize));
  return static_cast<std::size_t>(std::min(values, 0x1p50)) * (top.backend().precision() == Precision::float32 ? 4 : 8);
}

class BoundTask : public Task {
 public:
  BoundTask(Napi::Env env, std::shared_ptr<Machine> top, Levels levels, std::shared_ptr<const Rows> rows, std::uint64_t samples)
      : top_(std::move(top)), levels_(std::move(levels)), rows_(std::move(rows)), samples_(samples), values_(env, rows_->rows()) {}

  void run(const Cancelled& cancelled, const Wake&) override { beliefBound(*top_, levels_, rows_, samples_, cancelled, values_.values()); }
  Napi::Value result(Napi::Env) override { return values_.value(); }

 private:
  std::shared_ptr<Machine> top_;
  Levels levels_;
  std::shared_ptr<const Rows> rows_;
  std::uint64_t samples_;
  ResultArray<double> values_;
};

}  // namespace

Napi::Value MachineObject::upDownTrainer(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> top = present();
  const Argument options(info, 0, "options"), labels = options.field("labels");
  UpDownOptions o = upDownOptionsOf(options);
  const std::vector<const MachineObject*> up = machinesOf(options.field("up")), down = machinesOf(options.field("down"));
  std::vector<LayerRows> labelRows;
  if (!labels.isNull()) labelRows.push_back(layerRowsOf(labels, top->wiring()));
  const Levels levels{presentOf(up), presentOf(down)};
  requireLevels(levels, *top);
  const std::shared_ptr<const Rows> data = rowsOfLayer(options.field("data"), levels.up.front()->wiring().layers()[0]);
  std::vector<double> rowWeights = rowWeightsOf(options.field("sampleWeights"), data->rows());
  const GivenState given = givenStateOf(Argument(info, 1, "state"), Argument(info, 2, "resume"));
  o.rates = ratesOf(o.rates, levels, *top);
  requireCountable(o, data->rows());

  handle_->idle();
  std::vector<std::shared_ptr<ModelHandle>> others;
  std::vector<std::shared_ptr<void>> models{top};
  for (const std::vector<const MachineObject*>* half : {&up, &down})
    for (const MachineObject* object : *half) {
      models.push_back(object->handle()->present());
      object->handle()->requireIdle();
      others.push_back(object->handle());
    }
  auto update = upDownUpdate(*top, levels, o, data, labelRows, std::move(rowWeights));
  auto trainer = std::make_unique<Trainer>(std::move(update), o, given.state ? &*given.state : nullptr, given.resume);
  return newTrainer(info.Env(), handle_, std::move(models), std::move(trainer), bytesOf(levels, *top, o), std::move(others));
}

Napi::Value MachineObject::beliefBound(const Napi::CallbackInfo& info) {
  const std::shared_ptr<Machine> top = present();
  const Argument options(info, 0, "options"), up = options.field("up"), down = options.field("down");
  const std::vector<const MachineObject*> ups = machinesOf(up), downs = machinesOf(down);
  const std::uint64_t samples = options.field("samples").count(1, mostSamples);
  const std::shared_ptr<const Rows> rows = rowsOfLayer(options.field("rows"), ups.front()->handle()->present()->wiring().layers()[0]);
  // Copies, so that what becomes of the machines does not touch the job. Where both halves of a level
  // are one machine, each gets a copy.
  Levels levels;
  for (const MachineObject* object : ups) levels.up.push_back(object->copy(up.name()));
  for (const MachineObject* object : downs) levels.down.push_back(object->copy(down.name()));
  requireLevels(levels, *top);
  handle_->idle();
  return handle_->start(info.Env(), std::make_shared<BoundTask>(info.Env(), top, std::move(levels), rows, samples), false);
}

}  // namespace boltzkit::binding
