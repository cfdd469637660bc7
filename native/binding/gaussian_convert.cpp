#include "binding/gaussian_convert.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "ratings/gaussian_matrix.hpp"

namespace boltzkit::binding {
namespace {

using ratings::GaussianSample;
using ratings::GaussianSideState;
using ratings::GaussianState;

constexpr std::size_t mostValues = 1000;
constexpr double leastNoise = 1e-30, mostNoise = std::numeric_limits<double>::max();

template <class T>
std::vector<T> copied(const Argument& argument) {
  const std::span<const T> values = argument.view<T>();
  for (const T value : values)
    if (!std::isfinite(value)) argument.refuse("finite numbers");
  return {values.begin(), values.end()};
}

// Rows of `from` values, `wide` values apart, close together; and back.
std::vector<float> unpadded(const std::vector<float>& rows, std::size_t wide, std::size_t from) {
  std::vector<float> packed;
  packed.reserve(rows.size() / wide * from);
  for (std::size_t r = 0; r * wide < rows.size(); ++r) packed.insert(packed.end(), rows.begin() + r * wide, rows.begin() + r * wide + from);
  return packed;
}

std::vector<float> padded(const std::vector<float>& packed, std::size_t from, std::size_t wide) {
  std::vector<float> rows(packed.size() / from * wide, 0.0f);
  for (std::size_t r = 0; r < packed.size() / from; ++r) std::copy_n(packed.begin() + r * from, from, rows.begin() + r * wide);
  return rows;
}

void checkPrecision(const std::vector<double>& precision, std::size_t k) {
  if (precision.size() != k * k)
    throw shapeError("`precision` must have " + std::to_string(k * k) + " numbers, got " + std::to_string(precision.size()));
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      if (precision[i * k + j] != precision[j * k + i] || (i == j && !(precision[i * k + i] > 0)))
        throw parameterError("`precision` must be symmetric with a positive diagonal");
  try {
    ratings::choleskyLower(precision, k);
  } catch (const Error&) {
    throw parameterError("`precision` must be positive definite");
  }
}

Napi::Object sideObject(Napi::Env env, const GaussianSideState& side, std::size_t hidden) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("factors", arrayOf(env, unpadded(side.factors, ratings::factorStride(hidden), hidden)));
  object.Set("biases", arrayOf(env, side.biases));
  object.Set("mean", arrayOf(env, side.mean));
  object.Set("precision", arrayOf(env, side.precision));
  Napi::Array layers = Napi::Array::New(env, side.layers.size());
  for (std::uint32_t l = 0; l < side.layers.size(); ++l) {
    Napi::Object layer = Napi::Object::New(env);
    layer.Set("weights", arrayOf(env, side.layers[l].weights));
    layer.Set("precision", arrayOf(env, side.layers[l].precision));
    layers.Set(l, layer);
  }
  object.Set("layers", layers);
  return object;
}

GaussianSideState sideOf(const Argument& argument, std::size_t hidden) {
  const std::size_t k = hidden + 1;
  GaussianSideState side;
  side.factors = padded(copied<float>(argument.field("factors")), hidden, ratings::factorStride(hidden));
  side.biases = copied<float>(argument.field("biases"));
  side.mean = copied<double>(argument.field("mean"));
  side.precision = copied<double>(argument.field("precision"));
  if (side.mean.size() != k || side.factors.size() != side.biases.size() * ratings::factorStride(hidden))
    throw shapeError("the parts of a state do not fit each other");
  checkPrecision(side.precision, k);
  const Argument layers = argument.field("layers");
  for (std::uint32_t l = 0; l < layers.length(2); ++l) {
    side.layers.push_back({copied<float>(layers.item(l).field("weights")), copied<double>(layers.item(l).field("precision"))});
    checkPrecision(side.layers.back().precision, k);
    if (side.layers.back().weights.size() % k != 0) throw shapeError("`weights` must have rows of " + std::to_string(k) + " numbers");
  }
  return side;
}

}  // namespace

std::vector<double> risingOf(const Argument& argument) {
  std::vector<double> values = copied<double>(argument);
  for (std::size_t i = 1; i < values.size(); ++i)
    if (!(values[i] > values[i - 1])) argument.refuse("rising numbers");
  return values;
}

std::vector<double> scaleValuesOf(const Argument& argument) {
  std::vector<double> values = risingOf(argument);
  if (values.size() > mostValues || values.size() == 1) argument.refuse("no values, or from 2 to 1000");
  return values;
}

Napi::Object gaussianSample(Napi::Env env, const GaussianSample& sample, std::size_t hidden) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("factors", arrayOf(env, unpadded(sample.factors, ratings::factorStride(hidden), hidden)));
  object.Set("biases", arrayOf(env, sample.biases));
  object.Set("mean", arrayOf(env, sample.mean));
  object.Set("precision", arrayOf(env, sample.precision));
  object.Set("weights", sample.weights.empty() ? env.Null() : arrayOf(env, sample.weights));
  object.Set("noise", Napi::Number::New(env, sample.noise));
  return object;
}

GaussianSample gaussianSampleOf(const Argument& given, std::size_t hidden) {
  const Argument weights = given.field("weights");
  GaussianSample sample;
  sample.noise = given.field("noise").number(leastNoise, mostNoise);
  sample.biases = copied<float>(given.field("biases"));
  sample.mean = copied<double>(given.field("mean"));
  sample.precision = copied<double>(given.field("precision"));
  if (!weights.isNull()) sample.weights = copied<float>(weights);
  const std::vector<float> factors = copied<float>(given.field("factors"));
  if (factors.size() != sample.biases.size() * hidden)
    throw shapeError("`factors` must have " + std::to_string(sample.biases.size() * hidden) + " numbers, got " +
                     std::to_string(factors.size()));
  sample.factors = padded(factors, hidden, ratings::factorStride(hidden));
  checkPrecision(sample.precision, hidden + 1);
  return sample;
}

Napi::Object gaussianState(Napi::Env env, const GaussianState& state, std::size_t hidden) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("sweeps", Napi::Number::New(env, static_cast<double>(state.sweeps)));
  object.Set("noise", Napi::Number::New(env, state.noise));
  object.Set("cuts", arrayOf(env, state.cuts));
  object.Set("users", sideObject(env, state.sides[0], hidden));
  object.Set("items", sideObject(env, state.sides[1], hidden));
  return object;
}

GaussianState gaussianStateOf(const Argument& given, const ratings::GaussianOptions& options) {
  GaussianState state;
  state.sweeps = given.field("sweeps").count(0, maxSafeInteger / 2);
  if (state.sweeps > maxStreamStep / 2) given.field("sweeps").refuse("below 2^47");
  state.noise = given.field("noise").number(leastNoise, mostNoise);
  state.cuts = risingOf(given.field("cuts"));
  state.sides[0] = sideOf(given.field("users"), options.hidden);
  state.sides[1] = sideOf(given.field("items"), options.hidden);
  const std::size_t k = options.hidden + 1;
  const bool conditional[2] = {options.usersConditional, options.itemsConditional};
  for (unsigned s = 0; s < 2; ++s) {
    const GaussianSideState &side = state.sides[s], &other = state.sides[1 - s];
    if (conditional[s] && (side.layers.empty() || side.layers.front().weights.size() != other.biases.size() * k))
      throw shapeError("the layer of what was rated must have one row of weights for each of the other side");
  }
  return state;
}

}  // namespace boltzkit::binding
