// Independent units with the marginals of given states: the start of an annealing path.
#pragma once
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

class BaseUnits {
 public:
  explicit BaseUnits(const Machine& machine);

  // Adds states of one layer; each row is one case.
  void add(std::size_t layer, const Tensor& states);
  bool any(std::size_t layer) const { return sums_[layer].rows > 0; }
  // Unit parameters [parameters, places] with the marginals of the cases. They are smoothed as if
  // there were few cases, so that no state has a probability near 0. A layer without cases gets the
  // machine's own parameters. With `other`, uses the mean of both marginals if both have cases.
  std::vector<double> parameters(std::size_t layer, const BaseUnits* other = nullptr) const;

 private:
  struct Sums {
    std::size_t rows = 0;
    TensorPtr zeros, statistics;  // [parameters, places]
  };

  // Mean statistics of all cases, [parameters, places].
  std::vector<double> means(std::size_t layer) const;

  const Machine& machine_;
  std::vector<Sums> sums_;
};

}  // namespace boltzkit
