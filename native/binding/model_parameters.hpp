// What every model's object answers about its parameters and random counters. A model has
// backend(), parameters(), parameter(name), checkParameter(name, values) and random().
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "binding/arrays.hpp"
#include "core/checked.hpp"
#include "core/random_steps.hpp"

namespace boltzkit::binding {

// Smallest size that a model reports to the garbage collector. A model may hold threads, so a loop
// that makes and drops small ones must not accumulate thousands of them.
inline constexpr std::size_t leastReported = 1 << 20;

template <class Model>
std::size_t parameterBytes(Model& model) {
  std::size_t values = 0;
  for (const NamedTensor& p : model.parameters()) values += p.tensor->rows() * p.tensor->cols();
  return values * (model.backend().precision() == Precision::float32 ? sizeof(float) : sizeof(double));
}

template <class T>
Napi::Value downloaded(Napi::Env env, Backend& backend, const Tensor& tensor) {
  const ResultArray<T> array(env, checkedMultiply(tensor.rows(), tensor.cols()));
  backend.download(tensor, array.values());
  return array.value();
}

template <class T, class Model>
void uploadTo(Model& model, const std::string& name, const Argument& argument) {
  Tensor& tensor = model.parameter(name);
  const std::span<const T> values = argument.view<T>();
  const std::size_t wanted = tensor.rows() * tensor.cols();
  if (values.size() != wanted)
    throw shapeError("`values` must have " + std::to_string(wanted) + " numbers, got " + std::to_string(values.size()));
  std::vector<double> stored(values.begin(), values.end());
  // A double may be finite and still overflow a float.
  if (model.backend().precision() == Precision::float32)
    for (double& value : stored) value = static_cast<float>(value);
  model.checkParameter(name, stored);
  model.backend().upload(values, tensor);
}

template <class Model>
Napi::Value parameterList(Napi::Env env, Model& model) {
  const std::vector<NamedTensor> named = model.parameters();
  Napi::Array list = Napi::Array::New(env, named.size());
  for (std::uint32_t i = 0; i < named.size(); ++i) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", named[i].name);
    entry.Set("rows", Napi::Number::New(env, static_cast<double>(named[i].tensor->rows())));
    entry.Set("cols", Napi::Number::New(env, static_cast<double>(named[i].tensor->cols())));
    list.Set(i, entry);
  }
  return list;
}

// `handle` is a HandleOf<Model>.
template <class Handle>
Napi::Value readParameter(const Napi::CallbackInfo& info, Handle& handle) {
  const std::string name = Argument(info, 0, "name").text();
  auto& model = handle.idle();
  const Tensor& tensor = model.parameter(name);
  return model.backend().precision() == Precision::float32 ? downloaded<float>(info.Env(), model.backend(), tensor)
                                                           : downloaded<double>(info.Env(), model.backend(), tensor);
}

template <class Handle>
Napi::Value writeParameter(const Napi::CallbackInfo& info, Handle& handle) {
  const std::string name = Argument(info, 0, "name").text();
  const Argument values(info, 1, "values");
  auto& model = handle.idle();
  model.parameter(name);
  if (values.holds<float>())
    uploadTo<float>(model, name, values);
  else if (values.holds<double>())
    uploadTo<double>(model, name, values);
  else
    values.refuse("a Float32Array or Float64Array");
  return info.Env().Undefined();
}

inline Napi::Value readCounters(Napi::Env env, RandomSteps& random) {
  const std::vector<std::uint64_t>& counters = random.counters();
  Napi::BigUint64Array array = Napi::BigUint64Array::New(env, counters.size());
  std::copy(counters.begin(), counters.end(), array.Data());
  return array;
}

inline void writeCounters(const Argument& argument, RandomSteps& random) {
  std::vector<std::uint64_t>& counters = random.counters();
  const std::span<const std::uint64_t> given = argument.view<std::uint64_t>();
  if (given.size() > counters.size())
    throw shapeError("`counters` must have at most " + std::to_string(counters.size()) + " entries, got " + std::to_string(given.size()));
  for (std::uint64_t count : given)
    if (count > maxStreamStep) throw parameterError("`counters` must be below 2^48, got " + std::to_string(count));
  // A file from an earlier version lacks counters of newer purposes.
  std::copy(given.begin(), given.end(), counters.begin());
}

}  // namespace boltzkit::binding
