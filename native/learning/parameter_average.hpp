// The mean of the parameters after the last updates of a run.
#pragma once
#include "learning/update.hpp"

namespace boltzkit {

class ParameterAverage {
 public:
  // Over the last `part` of `totalSteps` updates. Frozen parameters keep their values.
  ParameterAverage(Update& update, double part, std::uint64_t totalSteps);

  // Takes in the parameters after update number `step` (from 1), if the run is in its last part.
  void add(std::uint64_t step);
  // The model gets the average, if there is one.
  void adopt();
  std::vector<SavedTensor> tensors();

 private:
  Backend& backend_;
  std::uint64_t from_;
  std::vector<NamedTensor> parameters_;
  std::vector<TensorPtr> average_;  // null where there is none
};

}  // namespace boltzkit
