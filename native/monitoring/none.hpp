// What stands for a number that there is not.
#pragma once
#include <limits>

namespace boltzkit {

inline constexpr double none = std::numeric_limits<double>::quiet_NaN();

}  // namespace boltzkit
