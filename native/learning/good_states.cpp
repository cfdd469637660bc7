#include "learning/good_states.hpp"

#include <utility>

#include "learning/saved_state.hpp"

namespace boltzkit {

void GoodStates::copy(const NamedTensors& from, State& to) const {
  std::erase_if(to.tensors, [&](const auto& kept) { return !from.contains(kept.first); });
  for (const auto& [name, tensor] : from) {
    TensorPtr& kept = to.tensors[name];
    if (!kept || kept->rows() != tensor->rows() || kept->cols() != tensor->cols()) kept = backend_.tensor(tensor->rows(), tensor->cols());
    backend_.axpby(1, *tensor, 0, *kept);
  }
}

void GoodStates::begin(std::uint64_t step, std::uint64_t updates, const NamedTensors& tensors) {
  newest_.step = good_.step = step;
  newest_.updates = good_.updates = updates;
  copy(tensors, newest_);
  copy(tensors, good_);
}

void GoodStates::keep(std::uint64_t step, std::uint64_t updates, const NamedTensors& tensors) {
  std::swap(good_, newest_);
  newest_.step = step;
  newest_.updates = updates;
  copy(tensors, newest_);
}

void GoodStates::putBack(const NamedTensors& tensors) const {
  requireAlike(tensors);
  for (const auto& [name, kept] : good_.tensors) backend_.axpby(1, *kept, 0, *tensors.at(name));
}

// A state may come from a file, and axpby does not check shapes.
void GoodStates::requireAlike(const NamedTensors& all) const {
  for (const auto& [name, tensor] : all) {
    const auto kept = good_.tensors.find(name);
    if (kept == good_.tensors.end() || kept->second->rows() != tensor->rows() || kept->second->cols() != tensor->cols())
      throw parameterError("cannot go back: '" + name + "' is missing from the good state or has another shape");
  }
  for (const auto& [name, kept] : good_.tensors)
    if (!all.contains(name)) throw parameterError("cannot go back: the good state has '" + name + "', which this run has not");
}

void GoodStates::save(TrainerState& state) const {
  save(state, good_, "good");
  save(state, newest_, "newest");
}

void GoodStates::load(const TrainerState& state) {
  load(state, good_, "good");
  load(state, newest_, "newest");
}

void GoodStates::save(TrainerState& state, const State& kept, const std::string& prefix) const {
  for (const auto& [name, tensor] : kept.tensors) state.tensors.emplace(prefix + '/' + name, savedOf(backend_, *tensor));
  state.counters[prefix + "Step"] = kept.step;
  state.counters[prefix + "Updates"] = kept.updates;
}

void GoodStates::load(const TrainerState& state, State& kept, const std::string& prefix) const {
  kept.step = counter(state, prefix + "Step");
  kept.updates = counter(state, prefix + "Updates");
  for (const auto& [name, saved] : state.tensors) {
    if (!name.starts_with(prefix + '/')) continue;
    requireWhole(name, saved);
    TensorPtr tensor = backend_.tensor(saved.rows, saved.cols);
    backend_.upload(std::span<const double>(saved.values), *tensor);
    kept.tensors[name.substr(prefix.size() + 1)] = std::move(tensor);
  }
}

}  // namespace boltzkit
