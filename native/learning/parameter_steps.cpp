#include "learning/parameter_steps.hpp"

#include <algorithm>

namespace boltzkit {

ParameterSteps::ParameterSteps(Backend& backend, std::vector<NamedTensor> parameters, const RunOptions& options)
    : backend_(backend), options_(options), parameters_(std::move(parameters)) {
  for (const auto& [name, tensor] : parameters_) {
    velocity_.push_back(backend.tensor(tensor->rows(), tensor->cols()));
    const bool adam = options.optimiser.kind == OptimiserStep::Kind::adam;
    second_.push_back(adam ? backend.tensor(tensor->rows(), tensor->cols()) : nullptr);
  }
}

double ParameterSteps::learningRate(std::uint64_t step) const {
  return rateFactor_ * options_.learningRates[std::min<std::uint64_t>(step, options_.learningRates.size() - 1)];
}

void ParameterSteps::take(std::span<const ParameterSlot> slots, std::uint64_t step, StepOutcome& outcome) {
  OptimiserStep optimiser = options_.optimiser;
  optimiser.learningRate = learningRate(step);
  optimiser.t = updates_ + 1;
  slots_.clear();
  moving_.clear();
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!slots[i].gradient) continue;
    slots_.push_back(slots[i]);
    slots_.back().velocity = velocity_[i].get();
    slots_.back().second = second_[i].get();
    moving_.push_back(i);
  }
  backend_.optimise(optimiser, slots_, outcome);
  ++updates_;
}

void ParameterSteps::forget() {
  for (const TensorPtr& velocity : velocity_) backend_.fill(0, *velocity);
  for (const TensorPtr& second : second_)
    if (second) backend_.fill(0, *second);
}

bool ParameterSteps::sameKind(const TrainerState& state) const {
  const auto second = [](const auto& t) { return t.first.starts_with("second/"); };
  return std::any_of(state.tensors.begin(), state.tensors.end(), second) == (options_.optimiser.kind == OptimiserStep::Kind::adam);
}

std::vector<SavedTensor> ParameterSteps::tensors() {
  std::vector<SavedTensor> all;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    all.push_back({"velocity/" + parameters_[i].name, velocity_[i].get(), SavedTensor::Scope::optimiser});
    if (second_[i]) all.push_back({"second/" + parameters_[i].name, second_[i].get(), SavedTensor::Scope::optimiser});
  }
  return all;
}

}  // namespace boltzkit
