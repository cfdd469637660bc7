// The order in which an epoch visits the rows: a function of seed and epoch alone, so a resumed run finds its place again.
#pragma once
#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace boltzkit {

// Fisher-Yates (Knuth, TAOCP 2, algorithm P) driven by the words of `stream`; or 0 ... n - 1 when not shuffling.
std::vector<std::uint32_t> epochOrder(const Stream& stream, std::size_t rows, bool shuffle);

}  // namespace boltzkit
