#include "learning/parameter_average.hpp"

#include <cmath>

namespace boltzkit {

ParameterAverage::ParameterAverage(Update& update, double part, std::uint64_t totalSteps)
    : backend_(update.backend()),
      from_(totalSteps - static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(totalSteps)))),
      parameters_(update.parameters()) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Tensor& like = *parameters_[i].tensor;
    average_.push_back(from_ < totalSteps && !update.frozen(i) ? backend_.tensor(like.rows(), like.cols()) : nullptr);
  }
}

void ParameterAverage::add(std::uint64_t step) {
  if (step <= from_) return;
  const double weight = 1.0 / static_cast<double>(step - from_);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (average_[i]) backend_.axpby(weight, *parameters_[i].tensor, 1 - weight, *average_[i]);
}

void ParameterAverage::adopt() {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (average_[i]) backend_.axpby(1, *average_[i], 0, *parameters_[i].tensor);
}

std::vector<SavedTensor> ParameterAverage::tensors() {
  std::vector<SavedTensor> all;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (average_[i]) all.push_back({"average/" + parameters_[i].name, average_[i].get(), SavedTensor::Scope::run});
  return all;
}

}  // namespace boltzkit
