// Converts options, states and reports of training.
#include <algorithm>
#include <cmath>

#include "binding/arrays.hpp"
#include "binding/convert.hpp"
#include "core/checked.hpp"

namespace boltzkit::binding {
namespace {

constexpr double anyNumber = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::min();
constexpr std::size_t maxNameBytes = 4096, mostReservoirs = 4096, mostRetries = 1000;
// Enough for three states with all their reservoirs.
constexpr std::uint32_t mostTensors = 1u << 22;

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

std::vector<double> learningRatesOf(const Argument& rates) {
  std::vector<double> values = doublesOf(rates);
  if (values.empty()) throw parameterError("`" + rates.name() + "` must hold at least one learning rate");
  requireFinite(values, rates.name(), 0);
  return values;
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

std::optional<TrainerOptions::Sparsity> sparsityOf(const Argument& sparsity) {
  if (sparsity.isNull()) return std::nullopt;
  return TrainerOptions::Sparsity{sparsity.field("target").number(-anyNumber, anyNumber), sparsity.field("weight").number(0, anyNumber),
                                  sparsity.field("rate").number(0, 1)};
}

// Largest double below 1, the limit of decay rates of running means. At 1 they would never forget,
// and Adam's bias correction divides by 1 - beta.
constexpr double belowOne = 1 - 0x1p-53;

OptimiserStep optimiserOf(const Argument& options) {
  using Kind = OptimiserStep::Kind;
  OptimiserStep step;
  step.kind = options.field("optimiser").choice<Kind>({{"sgd", Kind::sgd}, {"adam", Kind::adam}});
  step.momentum = options.field("momentum").number(0, belowOne);
  step.beta1 = options.field("beta1").number(0, belowOne);
  step.beta2 = options.field("beta2").number(0, belowOne);
  step.epsilon = options.field("epsilon").number(0, anyNumber);
  return step;
}

// The chains of all temperatures together are numbered in 32 bits.
void requireReplicas(const TrainerOptions& o) {
  if (o.algorithm != TrainerOptions::Algorithm::pt) return;
  if (o.temperatures.size() < 2) throw parameterError("`options.temperatures` must hold at least two inverse temperatures");
  if (o.temperatures.size() > maxCount / o.chains)
    throw parameterError("`options.chains` times the number of `options.temperatures` must be below 2^31");
}

std::optional<TrainerOptions::FallBack> fallBackOf(const Argument& given) {
  if (!given.given() || given.isNull()) return std::nullopt;
  return TrainerOptions::FallBack{given.field("retries").count(1, mostRetries), given.field("factor").number(smallest, 1)};
}

TrainerOptions optionsOf(const Argument& options) {
  using Algorithm = TrainerOptions::Algorithm;
  TrainerOptions o;
  o.algorithm = options.field("algorithm")
                    .choice<Algorithm>({{"cd", Algorithm::cd},
                                        {"pcd", Algorithm::pcd},
                                        {"fpcd", Algorithm::fpcd},
                                        {"pt", Algorithm::pt},
                                        {"ptt", Algorithm::ptt},
                                        {"mean-field", Algorithm::meanField},
                                        {"pseudo-likelihood", Algorithm::pseudoLikelihood},
                                        {"exact", Algorithm::exact}});
  o.steps = options.field("steps").count(1, maxStreamStep);
  const Argument positiveSteps = options.field("positiveSteps");
  if (positiveSteps.given()) o.positiveSteps = positiveSteps.count(1, maxStreamStep);
  o.epochs = options.field("epochs").count(0, maxStreamStep);
  o.batchSize = options.field("batchSize").count(1, maxCount);
  o.chains = options.field("chains").count(1, maxCount);
  const Argument dynamicBinarisation = options.field("dynamicBinarisation");
  if (dynamicBinarisation.given()) o.dynamicBinarisation = dynamicBinarisation.flag();
  o.shuffle = options.field("shuffle").flag();
  o.centred = options.field("centred").flag();
  o.offsetRate = options.field("offsetRate").number(0, 1);
  o.optimiser = optimiserOf(options);
  o.learningRates = learningRatesOf(options.field("learningRates"));
  const Argument fastRate = options.field("fastRate"), fastDecay = options.field("fastDecay");
  if (fastRate.given()) o.fastRate = fastRate.number(0, anyNumber);
  if (fastDecay.given()) o.fastDecay = fastDecay.number(0, belowOne);
  const Argument temperatures = options.field("temperatures");
  if (temperatures.given()) o.temperatures = doublesOf(temperatures);
  requireReplicas(o);
  const Argument positive = options.field("positive");
  if (positive.given()) o.meanFieldPositive = positive.choice<bool>({{"gibbs", false}, {"mean-field", true}});
  const Argument rates = options.field("rates");
  if (rates.given() && !rates.isNull()) {
    o.rates = doublesOf(rates);
    requireFinite(o.rates, rates.name(), 0);
  }
  const Argument standardised = options.field("standardised");
  if (standardised.given()) o.standardised = standardised.flag();
  o.l1 = options.field("l1").number(0, anyNumber);
  o.l2 = options.field("l2").number(0, anyNumber);
  o.sparsity = sparsityOf(options.field("sparsity"));
  o.averageLast = options.field("averageLast").number(0, 1);
  o.initialiseFromData = options.field("initialiseFromData").flag();
  const Argument stream = options.field("stream");
  if (stream.given()) o.stream = stream.flag();
  o.monitorRows = options.field("monitorRows").count(0, maxCount);
  const Argument monitorBudget = options.field("monitorBudget");
  if (monitorBudget.given()) o.monitorBudget = monitorBudget.number(0, anyNumber);
  const Argument reservoirs = options.field("reservoirs"), acceptance = options.field("reservoirAcceptance");
  if (reservoirs.given()) o.reservoirs = reservoirs.count(2, mostReservoirs);
  if (acceptance.given()) o.reservoirAcceptance = acceptance.number(smallest, belowOne);
  o.onDivergence = fallBackOf(options.field("onDivergence"));
  return o;
}

void requireSameLayers(const std::vector<LayerRows>& validation, const std::vector<LayerRows>& data) {
  if (validation.empty()) return;
  const auto given = [](const std::vector<LayerRows>& list, std::size_t layer) {
    return std::any_of(list.begin(), list.end(), [&](const LayerRows& rows) { return rows.layer == layer; });
  };
  const bool same = validation.size() == data.size() &&
                    std::all_of(data.begin(), data.end(), [&](const LayerRows& rows) { return given(validation, rows.layer); });
  if (!same) throw parameterError("`options.validation` must give rows of the same layers as `options.data`");
}

// Random steps are counted in 48 bits, and every update uses `steps` or `positiveSteps` of them.
void requireCountable(const TrainerOptions& options, std::size_t rows) {
  const double perEpoch = std::ceil(static_cast<double>(rows) / static_cast<double>(options.batchSize));
  const auto longest = static_cast<double>(std::max(options.steps, options.positiveSteps));
  const double sweeps = static_cast<double>(options.epochs) * perEpoch * longest;
  if (sweeps > static_cast<double>(maxStreamStep))
    throw parameterError("`epochs` times `sweeps` or `positiveSweeps` must make fewer than 2^48 Gibbs sweeps in all");
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

// Calls f(key, value) for each own property of an object.
template <class F>
void forEachField(const Argument& argument, F&& f) {
  const Napi::Object object = argument.object();
  napi_value keys = nullptr;
  const auto filter = static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols);
  if (napi_get_all_property_names(object.Env(), object, napi_key_own_only, filter, napi_key_numbers_to_strings, &keys) != napi_ok)
    throw Napi::Error::New(object.Env());
  const Argument names(Napi::Value(object.Env(), keys), argument.name());
  const std::uint32_t n = names.length(mostTensors);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::string key = names.item(i).text(maxNameBytes);
    f(key, argument.field(key.c_str()));
  }
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

}  // namespace

TrainerSetup trainerSetupOf(const Argument& options, const Wiring& wiring) {
  TrainerSetup setup;
  setup.options = optionsOf(options);
  setup.data = layerRowsListOf(options.field("data"), wiring);
  setup.validation = layerRowsListOf(options.field("validation"), wiring, 0);
  const std::size_t rows = setup.data.front().rows->rows();
  if (rows == 0) throw parameterError("`options.data` must have at least one row");
  if (!setup.validation.empty() && setup.validation.front().rows->rows() == 0)
    throw parameterError("`options.validation` must have at least one row");
  requireSameLayers(setup.validation, setup.data);
  requireCountable(setup.options, rows);
  setup.rowWeights = rowWeightsOf(options.field("sampleWeights"), rows);
  return setup;
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

static Napi::Value healthObject(Napi::Env env, const std::optional<Health>& health) {
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

static Napi::Value estimateObject(Napi::Env env, const std::optional<Interval>& estimate) {
  if (!estimate) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("value", Napi::Number::New(env, estimate->value));
  object.Set("low", Napi::Number::New(env, estimate->low));
  object.Set("high", Napi::Number::New(env, estimate->high));
  return object;
}

Napi::Object epochReportObject(Napi::Env env, const EpochReport& report) {
  Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* key, double value) { object.Set(key, Napi::Number::New(env, value)); };
  set("epoch", static_cast<double>(report.epoch));
  set("step", static_cast<double>(report.step));
  set("seconds", report.seconds);
  set("learningRate", report.learningRate);
  set("pseudoLikelihood", report.pseudoLikelihood);
  set("pseudoLikelihoodError", report.pseudoLikelihoodError);
  set("baseline", report.baseline);
  set("freeEnergyGap", report.freeEnergyGap);
  set("chainFreeEnergyGap", report.chainFreeEnergyGap);
  set("weightNorm", report.weightNorm);
  set("rollbacks", static_cast<double>(report.rollbacks));
  Napi::Array warnings = Napi::Array::New(env, report.warnings.size());
  for (std::uint32_t i = 0; i < report.warnings.size(); ++i) warnings.Set(i, Napi::String::New(env, report.warnings[i]));
  object.Set("warnings", warnings);
  object.Set("health", healthObject(env, report.health));
  object.Set("logLikelihood", estimateObject(env, report.logLikelihood));
  return object;
}

}  // namespace boltzkit::binding
