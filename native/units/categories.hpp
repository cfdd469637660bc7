// Categories of one row that are weighed by the logs of their weights.
#pragma once
#include <cmath>
#include <cstddef>

#include "units/unit.hpp"

namespace boltzkit {

// out[k] = weight (targets[k] - p(k)), with p(k) proportional to exp(logs[k]): the gradient of
// weight sum_k targets[k] log p(k). `out` may be `targets`.
template <class Real>
BOLTZKIT_HD void categoryErrorsOf(const double* logs, std::size_t categories, double weight, const Real* targets, Real* out) {
  double top = logs[0], sum = 0;
  for (std::size_t k = 1; k < categories; ++k) top = logs[k] > top ? logs[k] : top;
  for (std::size_t k = 0; k < categories; ++k) sum += std::exp(logs[k] - top);
  for (std::size_t k = 0; k < categories; ++k)
    out[k] = static_cast<Real>(weight * (static_cast<double>(targets[k]) - std::exp(logs[k] - top) / sum));
}

}  // namespace boltzkit
