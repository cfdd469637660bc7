// 1 / (1 + e^-x) in double precision, for computations on the host.
#pragma once
#include <cmath>

namespace boltzkit {

// Neither branch overflows, and small results keep all their digits.
inline double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

}  // namespace boltzkit
