// Weighted sums of the rows of a tensor.
#pragma once
#include "backend.hpp"

namespace boltzkit {

// out [1, places] = beta * out + alpha * sum_r w_r states[r, :]. `ones` is a column of ones with a
// capacity of at least states.rows().
inline void columnSums(Backend& backend, Tensor& ones, const Tensor& states, const Tensor* rowWeights, double alpha, double beta,
                       Tensor& out) {
  ones.setRows(states.rows());
  backend.statistics(ones, states, rowWeights, alpha, beta, out);
}

}  // namespace boltzkit
