// The number of successes among n independent trials, for any n. Exact and in whole numbers only,
// so the result is the same on every device.
//
// A trial is a number of 32 random bits; it succeeds if the number is below T = p 2^32. All n
// numbers are drawn together, from the highest bit down. For the numbers that agree with T so far,
// as many random bits are drawn and the ones counted. Each bit decides half of the remaining trials
// on average, so n trials take about 2 n bits and never more than n words.
#pragma once
#include <bit>

#include "units/unit.hpp"

namespace boltzkit {

BOLTZKIT_HD inline std::uint64_t bitsSet(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
  return static_cast<std::uint64_t>(__popc(word));
#else
  return static_cast<std::uint64_t>(std::popcount(word));
#endif
}

// The bits of a row's random words, in order.
class RowBits {
 public:
  BOLTZKIT_HD RowBits(RowWords& words, std::uint64_t first) : words_(words), next_(first) {}

  // Counts the ones among the next n bits.
  BOLTZKIT_HD std::uint64_t ones(std::uint64_t n) {
    std::uint64_t sum = 0;
    while (n > 0) {
      if (left_ == 0) {
        word_ = words_(next_++);
        left_ = 32;
      }
      const auto taken = static_cast<unsigned>(n < left_ ? n : left_);
      const std::uint64_t mask = (std::uint64_t{1} << taken) - 1;
      sum += bitsSet(word_ & static_cast<std::uint32_t>(mask));
      word_ = static_cast<std::uint32_t>(std::uint64_t{word_} >> taken);
      left_ -= taken;
      n -= taken;
    }
    return sum;
  }

 private:
  RowWords& words_;
  std::uint64_t next_;
  std::uint32_t word_ = 0;
  unsigned left_ = 0;
};

// The number of successes among n trials of probability p, rounded to the nearest multiple of
// 2^-32.
BOLTZKIT_HD inline std::uint64_t successes(std::uint64_t n, double p, RowBits& bits) {
  constexpr double whole = 4294967296.0;
  // 0 if p is NaN.
  const std::uint64_t threshold = p > 0 ? static_cast<std::uint64_t>((p < 1 ? p : 1) * whole + 0.5) : 0;
  if (threshold >> 32 != 0) return n;
  std::uint64_t sum = 0, undecided = n;
  for (int bit = 31; bit >= 0 && undecided > 0; --bit) {
    // No number is below the rest of T.
    if ((threshold & ((std::uint64_t{2} << bit) - 1)) == 0) break;
    const std::uint64_t ones = bits.ones(undecided);
    if ((threshold >> bit & 1) != 0) {
      sum += undecided - ones;
      undecided = ones;
    } else {
      undecided -= ones;
    }
  }
  return sum;
}

}  // namespace boltzkit
