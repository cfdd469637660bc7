// Parameters of Gaussian rating machines, from JavaScript and back. Rows of factors are padded here
// and close together there.
#pragma once
#include <algorithm>
#include <vector>

#include "binding/arrays.hpp"
#include "ratings/gaussian_model.hpp"
#include "ratings/gaussian_state.hpp"

namespace boltzkit::binding {

// Numbers that rise.
std::vector<double> risingOf(const Argument& argument);
// The values of a scale: none, or 2 to 1000 that rise.
std::vector<double> scaleValuesOf(const Argument& argument);

Napi::Object gaussianSample(Napi::Env env, const ratings::GaussianSample& sample, std::size_t hidden);
ratings::GaussianSample gaussianSampleOf(const Argument& sample, std::size_t hidden);

Napi::Object gaussianState(Napi::Env env, const ratings::GaussianState& state, std::size_t hidden);
ratings::GaussianState gaussianStateOf(const Argument& state, const ratings::GaussianOptions& options);

template <class T>
Napi::Value arrayOf(Napi::Env env, const std::vector<T>& values) {
  const ResultArray<T> result(env, values.size());
  std::copy(values.begin(), values.end(), result.values().begin());
  return result.value();
}

}  // namespace boltzkit::binding
