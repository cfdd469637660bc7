#include "algorithms/parameter_steps.hpp"

#include <algorithm>
#include <cmath>

namespace boltzkit {

ParameterSteps::ParameterSteps(const Machine& machine, const TrainerOptions& options, std::uint64_t totalSteps)
    : machine_(machine),
      options_(options),
      totalSteps_(totalSteps),
      averageFrom_(totalSteps - static_cast<std::uint64_t>(std::ceil(options.averageLast * static_cast<double>(totalSteps)))),
      parameters_(machine.parameters()) {
  auto another = [&](const Machine::Named& p) { return machine.backend().tensor(p.tensor->rows(), p.tensor->cols()); };
  for (const Machine::Named& p : parameters_) {
    velocity_.push_back(another(p));
    second_.push_back(options.optimiser.kind == OptimiserStep::Kind::adam ? another(p) : nullptr);
    average_.push_back(averageFrom_ < totalSteps && !options.frozen(average_.size()) ? another(p) : nullptr);
  }
}

double ParameterSteps::learningRate(std::uint64_t step) const {
  return rateFactor_ * options_.learningRates[std::min<std::uint64_t>(step, options_.learningRates.size() - 1)];
}

std::optional<std::string> ParameterSteps::take(Gradient& gradient, const Scales* scales, std::uint64_t step) {
  const std::size_t layers = machine_.wiring().layers().size();
  OptimiserStep optimiser = options_.optimiser;
  optimiser.learningRate = learningRate(step);
  optimiser.t = updates_ + 1;
  slots_.clear();
  moving_.clear();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const bool isWeights = i >= layers;
    if (options_.frozen(i)) {
      machine_.backend().fill(0, isWeights ? gradient.weights(i - layers) : gradient.units(i));  // the step that it takes
      continue;
    }
    ParameterSlot slot =
        isWeights ? gradient.weightsSlot(i - layers) : ParameterSlot{parameters_[i].tensor, &gradient.units(i), nullptr, nullptr};
    slot.velocity = velocity_[i].get();
    slot.second = second_[i].get();
    slot.rate = options_.rate(i);
    if (isWeights) slot.l1 = options_.l1, slot.l2 = options_.l2;
    slot.keepStep = options_.centred;  // which moves biases by it
    if (isWeights && scales) {
      slot.rowScale = scales->rows(i - layers);
      slot.colScale = scales->cols(i - layers);
    }
    slots_.push_back(slot);
    moving_.push_back(i);
  }
  const std::ptrdiff_t bad = machine_.backend().optimise(optimiser, slots_);
  if (bad < 0) {
    ++updates_;
    return std::nullopt;
  }
  forget();  // they are unspecified after a refused step
  return parameters_[moving_[static_cast<std::size_t>(bad)]].name;
}

void ParameterSteps::forget() {
  for (const TensorPtr& velocity : velocity_) machine_.backend().fill(0, *velocity);
  for (const TensorPtr& second : second_)
    if (second) machine_.backend().fill(0, *second);
}

void ParameterSteps::average(std::uint64_t step) {
  if (step <= averageFrom_) return;
  const double weight = 1.0 / static_cast<double>(step - averageFrom_);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (average_[i]) machine_.backend().axpby(weight, *parameters_[i].tensor, 1 - weight, *average_[i]);
}

void ParameterSteps::adoptAverage() {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (average_[i]) machine_.backend().axpby(1, *average_[i], 0, *parameters_[i].tensor);
}

std::map<std::string, Tensor*> ParameterSteps::tensors() {
  std::map<std::string, Tensor*> all;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    all["velocity/" + parameters_[i].name] = velocity_[i].get();
    if (second_[i]) all["second/" + parameters_[i].name] = second_[i].get();
    if (average_[i]) all["average/" + parameters_[i].name] = average_[i].get();
  }
  return all;
}

}  // namespace boltzkit
