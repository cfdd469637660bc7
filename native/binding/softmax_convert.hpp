// Settings and parameters of softmax rating machines, from JavaScript and back.
#pragma once
#include "binding/arguments.hpp"
#include "ratings/softmax_prediction.hpp"
#include "ratings/softmax_trainer.hpp"

namespace boltzkit::binding {

ratings::SoftmaxSpec softmaxSpecOf(const Argument& spec);
ratings::SoftmaxOptions softmaxOptionsOf(const Argument& options);
ratings::SoftmaxRule softmaxRuleOf(const Argument& rule);

// { weights [visibles, components, hidden], bias [visibles, K], hiddenBias [hidden] }.
Napi::Object softmaxParameters(Napi::Env env, const ratings::SoftmaxMachine& machine);
void setSoftmaxParameters(ratings::SoftmaxMachine& machine, const Argument& parameters);

Napi::Object softmaxState(Napi::Env env, const ratings::SoftmaxState& state);
ratings::SoftmaxState softmaxStateOf(const Argument& state);

template <class T>
std::vector<T> copyOf(const Argument& array) {
  const std::span<T> view = array.view<T>();
  return {view.begin(), view.end()};
}

}  // namespace boltzkit::binding
