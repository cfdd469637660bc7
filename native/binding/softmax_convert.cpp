#include "binding/softmax_convert.hpp"

#include <algorithm>
#include <cmath>

#include "binding/arrays.hpp"

namespace boltzkit::binding {
namespace {

constexpr double endless = std::numeric_limits<double>::max();

template <class Floats>
Napi::Value floatArray(Napi::Env env, const Floats& values) {
  const ResultArray<float> result(env, values.size());
  std::copy(values.begin(), values.end(), result.values().begin());
  return result.value();
}

template <class Floats>
Floats floatsOf(const Argument& array) {
  const std::span<float> view = array.view<float>();
  for (const float x : view)
    if (!std::isfinite(x)) throw parameterError("`" + array.name() + "` must hold finite numbers, got " + decimal(x));
  return Floats(view.begin(), view.end());
}

Napi::Value numberOf(Napi::Env env, std::uint64_t count) { return Napi::Number::New(env, static_cast<double>(count)); }

}  // namespace

ratings::SoftmaxSpec softmaxSpecOf(const Argument& spec) {
  ratings::SoftmaxSpec result;
  result.visibles = spec.field("visibles").count(0, maxCount);
  result.hidden = spec.field("hidden").count(1, ratings::mostSoftmaxHidden);
  result.degree = spec.field("degree").count(1, ratings::mostCategories - 1);
  result.conditional = spec.field("conditional").flag();
  result.values = copyOf<double>(spec.field("values"));
  return result;
}

ratings::SoftmaxOptions softmaxOptionsOf(const Argument& options) {
  using Algorithm = ratings::SoftmaxAlgorithm;
  ratings::SoftmaxOptions result;
  result.algorithm = options.field("algorithm").choice<Algorithm>({{"cd", Algorithm::contrastive}, {"pcd", Algorithm::persistent}});
  result.byItem = options.field("byItem").flag();
  result.epochs = options.field("epochs").count(0, maxCount);
  result.batch = options.field("batch").count(1, maxCount);
  result.firstSweeps = options.field("firstSweeps").count(1, 255);
  result.lastSweeps = options.field("lastSweeps").count(1, 255);
  result.means = options.field("means").flag();
  result.rate = options.field("rate").number(0, endless);
  result.lastRate = options.field("lastRate").number(0, endless);
  result.momentum = options.field("momentum").number(0, 1);
  result.weightScale = options.field("weightScale").number(0, endless);
  result.prior = options.field("prior").number(0, endless);
  result.averaged = options.field("averaged").number(0, 1);
  result.seed = options.field("seed").big();
  result.threads = static_cast<unsigned>(options.field("threads").count(0, 1024));
  result.decay = copyOf<double>(options.field("decay"));
  return result;
}

ratings::SoftmaxRule softmaxRuleOf(const Argument& rule) {
  return rule.choice<ratings::SoftmaxRule>({{"exact", ratings::SoftmaxRule::exact}, {"means", ratings::SoftmaxRule::meanField}});
}

Napi::Object softmaxParameters(Napi::Env env, const ratings::SoftmaxMachine& machine) {
  const std::size_t rows = machine.visibles() * machine.components(), hidden = machine.hidden();
  const ResultArray<float> weights(env, rows * hidden), hiddenBias(env, hidden);
  for (std::size_t r = 0; r < rows; ++r)
    std::copy_n(machine.weights().data() + r * machine.stride(), hidden, weights.values().data() + r * hidden);
  std::copy_n(machine.hiddenBias().data(), hidden, hiddenBias.values().data());
  Napi::Object object = Napi::Object::New(env);
  object.Set("weights", weights.value());
  object.Set("bias", floatArray(env, machine.visibleBias()));
  object.Set("hiddenBias", hiddenBias.value());
  return object;
}

void setSoftmaxParameters(ratings::SoftmaxMachine& machine, const Argument& parameters) {
  const std::size_t rows = machine.visibles() * machine.components(), hidden = machine.hidden();
  const auto weights = floatsOf<std::vector<float>>(parameters.field("weights")),
             bias = floatsOf<std::vector<float>>(parameters.field("bias")),
             hiddenBias = floatsOf<std::vector<float>>(parameters.field("hiddenBias"));
  const auto same = [](const char* name, std::size_t got, std::size_t expected) {
    if (got != expected)
      throw shapeError("`" + std::string(name) + "` must hold " + std::to_string(expected) + " numbers, got " + std::to_string(got));
  };
  same("weights", weights.size(), rows * hidden);
  same("bias", bias.size(), machine.visibleBias().size());
  same("hiddenBias", hiddenBias.size(), hidden);
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(weights.data() + r * hidden, hidden, machine.weights().data() + r * machine.stride());
  machine.visibleBias() = bias;
  std::copy(hiddenBias.begin(), hiddenBias.end(), machine.hiddenBias().begin());
}

Napi::Object softmaxState(Napi::Env env, const ratings::SoftmaxState& state) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("epoch", numberOf(env, state.epoch));
  object.Set("update", numberOf(env, state.update));
  object.Set("averagedEpochs", numberOf(env, state.averagedEpochs));
  object.Set("weights", floatArray(env, state.weights));
  object.Set("weightVelocity", floatArray(env, state.weightVelocity));
  object.Set("weightMean", floatArray(env, state.weightMean));
  object.Set("bias", floatArray(env, state.bias));
  object.Set("biasVelocity", floatArray(env, state.biasVelocity));
  object.Set("biasMean", floatArray(env, state.biasMean));
  object.Set("hiddenBias", floatArray(env, state.hiddenBias));
  object.Set("hiddenVelocity", floatArray(env, state.hiddenVelocity));
  object.Set("hiddenMean", floatArray(env, state.hiddenMean));
  Napi::Uint8Array chains = Napi::Uint8Array::New(env, state.chains.size());
  std::copy(state.chains.begin(), state.chains.end(), chains.Data());
  object.Set("chains", chains);
  return object;
}

ratings::SoftmaxState softmaxStateOf(const Argument& given) {
  using ratings::LineFloats;
  using Floats = std::vector<float>;
  ratings::SoftmaxState state;
  state.epoch = given.field("epoch").count(0, maxSafeInteger);
  state.update = given.field("update").count(0, maxSafeInteger);
  state.averagedEpochs = given.field("averagedEpochs").count(0, maxSafeInteger);
  state.weights = floatsOf<LineFloats>(given.field("weights"));
  state.weightVelocity = floatsOf<LineFloats>(given.field("weightVelocity"));
  state.weightMean = floatsOf<LineFloats>(given.field("weightMean"));
  state.bias = floatsOf<Floats>(given.field("bias"));
  state.biasVelocity = floatsOf<Floats>(given.field("biasVelocity"));
  state.biasMean = floatsOf<Floats>(given.field("biasMean"));
  state.hiddenBias = floatsOf<LineFloats>(given.field("hiddenBias"));
  state.hiddenVelocity = floatsOf<LineFloats>(given.field("hiddenVelocity"));
  state.hiddenMean = floatsOf<LineFloats>(given.field("hiddenMean"));
  state.chains = copyOf<std::uint8_t>(given.field("chains"));
  return state;
}

}  // namespace boltzkit::binding
