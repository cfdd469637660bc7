#include "learning/saved_state.hpp"

#include <algorithm>
#include <cmath>

#include "core/checked.hpp"

namespace boltzkit {
namespace {

bool fits(const TrainerState::Saved& saved, const Tensor& tensor) {
  return saved.rows == tensor.rows() && saved.cols == tensor.cols() && saved.values.size() == saved.rows * saved.cols;
}

bool finite(const TrainerState::Saved& saved) {
  return std::all_of(saved.values.begin(), saved.values.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace

void requireWhole(const std::string& name, const TrainerState::Saved& saved) {
  if (saved.values.size() != checkedMultiply(saved.rows, saved.cols))
    throw parameterError("'" + name + "' of the training state has " + std::to_string(saved.values.size()) +
                         " values, its shape takes another number");
}

TrainerState::Saved savedOf(Backend& backend, const Tensor& tensor) { return {tensor.rows(), tensor.cols(), valuesOf(backend, tensor)}; }

std::uint64_t counter(const TrainerState& state, const std::string& name) {
  const auto found = state.counters.find(name);
  if (found == state.counters.end()) throw parameterError("the training state has no counter '" + name + "'");
  return found->second;
}

void requireSameRun(const TrainerState& state, std::uint64_t totalSteps, std::size_t rows, std::size_t batchSize) {
  const std::pair<const char*, std::uint64_t> expected[] = {{"totalSteps", totalSteps}, {"rows", rows}, {"batchSize", batchSize}};
  for (const auto& [name, value] : expected)
    if (counter(state, name) != value)
      throw parameterError(std::string("cannot resume: the interrupted run had ") + name + " " + std::to_string(counter(state, name)) +
                           ", this one has " + std::to_string(value));
  if (counter(state, "step") > totalSteps) throw parameterError("cannot resume: the training state's step lies behind the end of the run");
}

void saveTensors(Backend& backend, const std::vector<SavedTensor>& tensors, bool prepared, TrainerState& state) {
  for (const SavedTensor& t : tensors) {
    if (!prepared && t.fresh && *t.fresh) continue;
    state.tensors.emplace(t.name, savedOf(backend, *t.tensor));
  }
}

void restoreTensors(Backend& backend, const std::vector<SavedTensor>& tensors, const TrainerState& state, bool resume, bool sameOptimiser) {
  using Scope = SavedTensor::Scope;
  const bool complete = resume && counter(state, "prepared") != 0;
  std::map<bool*, std::ptrdiff_t> lacking;  // number of missing tensors per shared flag
  for (const SavedTensor& t : tensors) {
    if (t.fresh && !t.optional) ++lacking[t.fresh];
    const auto saved = state.tensors.find(t.name);
    if (saved == state.tensors.end() || !fits(saved->second, *t.tensor) || !finite(saved->second)) {
      if (complete && !t.optional)
        throw parameterError("cannot resume: '" + t.name + "' is missing from the training state, has another shape or is not finite");
      continue;
    }
    if (!resume && (t.scope == Scope::run || (t.scope == Scope::optimiser && !sameOptimiser))) continue;
    backend.upload(std::span<const double>(saved->second.values), *t.tensor);
    if (t.fresh && !t.optional) --lacking[t.fresh];
  }
  for (const auto& [fresh, count] : lacking)
    if (count == 0) *fresh = false;
}

}  // namespace boltzkit
