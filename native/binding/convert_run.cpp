#include "binding/convert_run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

#include "binding/arrays.hpp"
#include "binding/fields.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

constexpr double anyNumber = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::min();
constexpr std::size_t mostRetries = 1000;

std::vector<double> learningRatesOf(const Argument& rates) {
  std::vector<double> values = doublesOf(rates);
  if (values.empty()) throw parameterError("`" + rates.name() + "` must hold at least one learning rate");
  requireFinite(values, rates.name(), 0);
  return values;
}

OptimiserStep optimiserOf(const Argument& options) {
  OptimiserStep step;
  step.momentum = options.field("momentum").number(0, belowOne);
  step.beta1 = options.field("beta1").number(0, belowOne);
  step.beta2 = options.field("beta2").number(0, belowOne);
  step.epsilon = options.field("epsilon").number(0, anyNumber);
  return step;
}

std::optional<RunOptions::FallBack> fallBackOf(const Argument& given) {
  if (!given.given() || given.isNull()) return std::nullopt;
  return RunOptions::FallBack{given.field("retries").count(1, mostRetries), given.field("factor").number(smallest, 1)};
}

TrainerState::Saved savedOf(const Argument& tensor) {
  TrainerState::Saved saved{tensor.field("rows").count(0, maxCount), tensor.field("cols").count(0, maxCount), {}};
  const Argument values = tensor.field("values");
  if (values.holds<float>()) {
    const std::span<const float> view = values.view<float>();
    saved.values.assign(view.begin(), view.end());
  } else {
    saved.values = doublesOf(values);
  }
  if (saved.values.size() != checkedMultiply(saved.rows, saved.cols))
    throw shapeError("`" + values.name() + "` must have " + std::to_string(saved.rows) + " x " + std::to_string(saved.cols) +
                     " values, got " + std::to_string(saved.values.size()));
  return saved;
}

bool fitsFloat(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return static_cast<double>(static_cast<float>(x)) == x; });
}

template <class T>
Napi::Value arrayOf(Napi::Env env, const std::vector<double>& values) {
  const ResultArray<T> array(env, values.size());
  std::transform(values.begin(), values.end(), array.values().begin(), [](double x) { return static_cast<T>(x); });
  return array.value();
}

Napi::Value healthObject(Napi::Env env, const std::optional<Health>& health) {
  if (!health) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("autocorrelationTime", Napi::Number::New(env, health->autocorrelationTime));
  object.Set("effectiveSampleSize", Napi::Number::New(env, health->effectiveSampleSize));
  object.Set("splitRhat", Napi::Number::New(env, health->splitRhat));
  object.Set("freeEnergyDrift", Napi::Number::New(env, health->freeEnergyDrift));
  Napi::Array values = Napi::Array::New(env, health->singularValues.size());
  for (std::uint32_t i = 0; i < health->singularValues.size(); ++i) values.Set(i, Napi::Number::New(env, health->singularValues[i]));
  object.Set("singularValues", values);
  object.Set("sentence", health->sentence.empty() ? env.Null() : Napi::Value(Napi::String::New(env, health->sentence)));
  return object;
}

Napi::Value estimateObject(Napi::Env env, const std::optional<Interval>& estimate) {
  if (!estimate) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("value", Napi::Number::New(env, estimate->value));
  object.Set("low", Napi::Number::New(env, estimate->low));
  object.Set("high", Napi::Number::New(env, estimate->high));
  return object;
}

void setNumber(Napi::Object object, const char* key, double value) { object.Set(key, Napi::Number::New(object.Env(), value)); }

Napi::Value labelsObject(Napi::Env env, const std::optional<MachineReport::Labels>& labels) {
  if (!labels) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  setNumber(object, "loss", labels->training.loss);
  setNumber(object, "error", labels->training.error);
  setNumber(object, "validationLoss", labels->validation.loss);
  setNumber(object, "validationError", labels->validation.error);
  return object;
}

void addReport(Napi::Object object, const MachineReport& report) {
  setNumber(object, "pseudoLikelihood", report.pseudoLikelihood);
  setNumber(object, "pseudoLikelihoodError", report.pseudoLikelihoodError);
  setNumber(object, "baseline", report.baseline);
  setNumber(object, "freeEnergyGap", report.freeEnergyGap);
  setNumber(object, "chainFreeEnergyGap", report.chainFreeEnergyGap);
  object.Set("health", healthObject(object.Env(), report.health));
  object.Set("logLikelihood", estimateObject(object.Env(), report.logLikelihood));
  object.Set("labels", labelsObject(object.Env(), report.labels));
}

void addNumbers(Napi::Object object, const char* key, const std::vector<double>& values) {
  Napi::Array list = Napi::Array::New(object.Env(), values.size());
  for (std::uint32_t i = 0; i < values.size(); ++i) list.Set(i, Napi::Number::New(object.Env(), values[i]));
  object.Set(key, list);
}

void addReport(Napi::Object object, const UpDownReport& report) {
  addNumbers(object, "generative", report.generative);
  addNumbers(object, "recognition", report.recognition);
  setNumber(object, "freeEnergyGap", report.freeEnergyGap);
}

void addReport(Napi::Object object, const NetworkReport& report) {
  setNumber(object, "loss", report.loss);
  setNumber(object, "error", report.error);
  setNumber(object, "validationLoss", report.validationLoss);
  setNumber(object, "validationError", report.validationError);
}

}  // namespace

std::vector<double> doublesOf(const Argument& array) {
  const std::span<const double> values = array.view<double>();
  return {values.begin(), values.end()};
}

// Throws unless all values are finite and at least `low`.
void requireFinite(const std::vector<double>& values, const std::string& name, double low) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) || values[i] < low)
      throw parameterError("`" + name + "` must hold finite numbers of at least " + decimal(low) + ", got " + decimal(values[i]) +
                           " at index " + std::to_string(i));
}

std::vector<double> rowWeightsOf(const Argument& weights, std::size_t rows) {
  if (weights.isNull()) return {};
  std::vector<double> values = doublesOf(weights);
  if (values.size() != rows)
    throw shapeError("`" + weights.name() + "` must have one weight per row (" + std::to_string(rows) + "), got " +
                     std::to_string(values.size()));
  requireFinite(values, weights.name(), 0);
  if (std::all_of(values.begin(), values.end(), [](double w) { return w == 0; }))
    throw parameterError("`" + weights.name() + "` must not be all zero");
  return values;
}

void readRunOptions(const Argument& options, RunOptions& run) {
  run.epochs = options.field("epochs").count(0, maxStreamStep);
  run.batchSize = options.field("batchSize").count(1, maxCount);
  run.shuffle = options.field("shuffle").flag();
  run.optimiser = optimiserOf(options);
  run.learningRates = learningRatesOf(options.field("learningRates"));
  const Argument rates = options.field("rates");
  if (rates.given() && !rates.isNull()) {
    run.rates = doublesOf(rates);
    requireFinite(run.rates, rates.name(), 0);
  }
  run.l1 = options.field("l1").number(0, anyNumber);
  run.l2 = options.field("l2").number(0, anyNumber);
  run.averageLast = options.field("averageLast").number(0, 1);
  run.monitorRows = options.field("monitorRows").count(0, maxCount);
  run.onDivergence = fallBackOf(options.field("onDivergence"));
}

GivenState givenStateOf(const Argument& state, const Argument& resume) {
  GivenState given;
  if (!state.isNull()) given.state = trainerStateOf(state);
  given.resume = resume.flag();
  if (given.resume && !given.state) throw parameterError("`state` must be given to resume a run");
  return given;
}

TrainerState trainerStateOf(const Argument& state) {
  TrainerState result;
  forEachField(state.field("tensors"), [&](const std::string& key, const Argument& tensor) { result.tensors[key] = savedOf(tensor); });
  forEachField(state.field("counters"), [&](const std::string& key, const Argument& counter) { result.counters[key] = counter.big(); });
  return result;
}

Napi::Object trainerStateObject(Napi::Env env, const TrainerState& state, Precision precision) {
  Napi::Object tensors = Napi::Object::New(env), counters = Napi::Object::New(env), result = Napi::Object::New(env);
  for (const auto& [name, saved] : state.tensors) {
    Napi::Object tensor = Napi::Object::New(env);
    tensor.Set("rows", Napi::Number::New(env, static_cast<double>(saved.rows)));
    tensor.Set("cols", Napi::Number::New(env, static_cast<double>(saved.cols)));
    const bool single = precision == Precision::float32 && fitsFloat(saved.values);
    tensor.Set("values", single ? arrayOf<float>(env, saved.values) : arrayOf<double>(env, saved.values));
    tensors.Set(name, tensor);
  }
  for (const auto& [name, count] : state.counters) counters.Set(name, Napi::BigInt::New(env, count));
  result.Set("tensors", tensors);
  result.Set("counters", counters);
  return result;
}

Napi::Object epochReportObject(Napi::Env env, const EpochReport& report) {
  Napi::Object object = Napi::Object::New(env);
  setNumber(object, "epoch", static_cast<double>(report.epoch));
  setNumber(object, "step", static_cast<double>(report.step));
  setNumber(object, "seconds", report.seconds);
  setNumber(object, "learningRate", report.learningRate);
  setNumber(object, "weightNorm", report.weightNorm);
  setNumber(object, "rollbacks", static_cast<double>(report.rollbacks));
  Napi::Array warnings = Napi::Array::New(env, report.warnings.size());
  for (std::uint32_t i = 0; i < report.warnings.size(); ++i) warnings.Set(i, Napi::String::New(env, report.warnings[i]));
  object.Set("warnings", warnings);
  std::visit([&](const auto& of) { addReport(object, of); }, report.of);
  return object;
}

}  // namespace boltzkit::binding
