// The order in which an epoch visits the rows. It depends on seed and epoch only, so a resumed run
// continues at the same place.
#pragma once
#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace boltzkit {

// Fisher-Yates shuffle (Knuth, TAOCP 2, algorithm P) with the random words of `stream`. Without
// `shuffle`: 0 ... n - 1.
std::vector<std::uint32_t> epochOrder(const Stream& stream, std::size_t rows, bool shuffle);

}  // namespace boltzkit
