#include "algorithms/saved_state.hpp"

#include <algorithm>

#include "core/checked.hpp"

namespace boltzkit {

bool sameOptimiser(const TrainerState& state, const TrainerOptions& options) {
  const bool usedAdam =
      std::any_of(state.tensors.begin(), state.tensors.end(), [](const auto& t) { return t.first.starts_with("second/"); });
  return usedAdam == (options.optimiser.kind == OptimiserStep::Kind::adam);
}

void requireWhole(const std::string& name, const TrainerState::Saved& saved) {
  if (saved.values.size() != checkedMultiply(saved.rows, saved.cols))
    throw parameterError("'" + name + "' of the training state has " + std::to_string(saved.values.size()) +
                         " values, its shape takes another number");
}

bool fits(const TrainerState::Saved& saved, const Tensor& tensor) {
  return saved.rows == tensor.rows() && saved.cols == tensor.cols() && saved.values.size() == saved.rows * saved.cols;
}

TrainerState::Saved savedOf(Backend& backend, const Tensor& tensor) {
  TrainerState::Saved saved{tensor.rows(), tensor.cols(), std::vector<double>(tensor.rows() * tensor.cols())};
  backend.download(tensor, std::span<double>(saved.values));
  return saved;
}

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

}  // namespace boltzkit
