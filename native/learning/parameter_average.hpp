// The mean of the parameters over the last updates of a run.
#pragma once
#include "learning/update.hpp"

namespace boltzkit {

class ParameterAverage {
 public:
  // Averages over the last fraction `part` of `totalSteps` updates. Frozen parameters keep their
  // values.
  ParameterAverage(Update& update, double part, std::uint64_t totalSteps);

  // Adds the parameters after update number `step` (from 1), if the run is in its last part.
  void add(std::uint64_t step);
  // Copies the average, if there is one, into the model.
  void adopt();
  std::vector<SavedTensor> tensors();

 private:
  Backend& backend_;
  std::uint64_t from_;
  std::vector<NamedTensor> parameters_;
  std::vector<TensorPtr> average_;  // null: not averaged
};

}  // namespace boltzkit
