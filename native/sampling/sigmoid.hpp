// 1 / (1 + e^-x) in double precision, for the host's side of estimators.
#pragma once
#include <cmath>

namespace boltzkit {

// Neither branch overflows, and small values keep all their digits.
inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

}  // namespace boltzkit
