#include "algorithms/good_states.hpp"

#include <utility>

#include "algorithms/saved_state.hpp"

namespace boltzkit {

GoodStates::Tensors GoodStates::withParameters(const Tensors& tensors) const {
  Tensors all = tensors;
  for (const Machine::Named& p : machine_.parameters()) all["parameter/" + p.name] = p.tensor;
  return all;
}

void GoodStates::copy(const Tensors& from, State& to) const {
  Backend& backend = machine_.backend();
  std::erase_if(to.tensors, [&](const auto& kept) { return !from.contains(kept.first); });
  for (const auto& [name, tensor] : from) {
    TensorPtr& kept = to.tensors[name];
    if (!kept || kept->rows() != tensor->rows() || kept->cols() != tensor->cols()) kept = backend.tensor(tensor->rows(), tensor->cols());
    backend.axpby(1, *tensor, 0, *kept);
  }
}

void GoodStates::begin(std::uint64_t step, std::uint64_t updates, const Tensors& tensors) {
  newest_.step = good_.step = step;
  newest_.updates = good_.updates = updates;
  const Tensors all = withParameters(tensors);
  copy(all, newest_);
  copy(all, good_);
}

void GoodStates::keep(std::uint64_t step, std::uint64_t updates, const Tensors& tensors) {
  std::swap(good_, newest_);
  newest_.step = step;
  newest_.updates = updates;
  copy(withParameters(tensors), newest_);
}

void GoodStates::putBack(const Tensors& tensors) const {
  const Tensors all = withParameters(tensors);
  requireAlike(all);
  for (const auto& [name, kept] : good_.tensors) machine_.backend().axpby(1, *kept, 0, *all.at(name));
}

// A state may come from a file, and copies trust the shapes they are given.
void GoodStates::requireAlike(const Tensors& all) const {
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
  for (const auto& [name, tensor] : kept.tensors) state.tensors.emplace(prefix + '/' + name, savedOf(machine_.backend(), *tensor));
  state.counters[prefix + "Step"] = kept.step;
  state.counters[prefix + "Updates"] = kept.updates;
}

void GoodStates::load(const TrainerState& state, State& kept, const std::string& prefix) const {
  kept.step = counter(state, prefix + "Step");
  kept.updates = counter(state, prefix + "Updates");
  for (const auto& [name, saved] : state.tensors) {
    if (!name.starts_with(prefix + '/')) continue;
    requireWhole(name, saved);
    TensorPtr tensor = machine_.backend().tensor(saved.rows, saved.cols);
    machine_.backend().upload(std::span<const double>(saved.values), *tensor);
    kept.tensors[name.substr(prefix.size() + 1)] = std::move(tensor);
  }
}

}  // namespace boltzkit
