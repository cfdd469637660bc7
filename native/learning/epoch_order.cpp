#include "learning/epoch_order.hpp"

#include <numeric>
#include <utility>

namespace boltzkit {

std::vector<std::uint32_t> epochOrder(const Stream& stream, std::size_t rows, bool shuffle) {
  std::vector<std::uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0u);
  if (!shuffle) return order;
  Words4 words{};
  for (std::size_t i = 0; i + 1 < rows; ++i) {
    if (i % 4 == 0) words = streamWords(stream, 0, static_cast<std::uint32_t>(i / 4));
    // Multiply-shift: uniform over the remaining rows, up to a bias of rows / 2^32.
    const std::size_t j = i + static_cast<std::size_t>(static_cast<std::uint64_t>(words.w[i % 4]) * (rows - i) >> 32);
    std::swap(order[i], order[j]);
  }
  return order;
}

}  // namespace boltzkit
