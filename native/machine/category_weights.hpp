// The categories of one softmax unit given rows of other layers, with all further layers summed out:
//   log of the weight of category k = d_k + f_k(v) + sum_h cumulant_h(f_h(v) + U_k)
// up to a number of the row. The fields f from the rows are summed once for all categories.
#pragma once
#include <span>
#include <vector>

#include "machine/states.hpp"

namespace boltzkit {

class CategoryWeights {
 public:
  // `given`: the layers with rows; not the target. `rows` is the largest number of rows. Throws
  // ParameterError unless the target is one softmax unit, and if the layers that are neither given
  // nor the target are coupled to each other or to themselves. The machine's parameters must not
  // change.
  CategoryWeights(const Machine& machine, std::vector<bool> given, std::size_t target, std::size_t rows);

  std::size_t categories() const { return categories_; }
  // out [rows of the states, categories]: the log weights.
  void logs(const States& states, std::span<double> out);

 private:
  struct Summed {
    std::size_t layer;
    TensorPtr fields;       // [rows, places]
    const Tensor* weights;  // [categories, places]
    TensorPtr own;          // holds these weights where the machine has only their transpose
  };
  Summed summed(std::size_t layer, std::size_t rows) const;

  const Machine& machine_;
  std::vector<bool> given_;
  std::size_t target_, categories_;
  std::vector<Summed> summed_;
  TensorPtr fields_;  // on the target from the given layers, [rows, categories]
  DoublesPtr sums_;
};

// Turns the log weights of one row into probabilities.
void normaliseLogs(std::span<double> logs);

}  // namespace boltzkit
