// Start weights: normal numbers by name, in double precision, so that they are the same on every
// backend.
#pragma once
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "core/checked.hpp"
#include "core/random.hpp"

namespace boltzkit {

// A standard normal number from two words (Box & Muller 1958).
inline double normalNumber(const std::uint32_t* words) {
  const double radius = std::sqrt(-2 * std::log((words[0] + 1.0) * 0x1p-32));
  return radius * std::cos(2 * std::numbers::pi * (words[1] * 0x1p-32));
}

// Numbers [rows, cols] from N(0, scale^2) for weight matrix number `matrix` of a model. Row r uses
// the words of "chain" r; the matrix is the layer of the stream. Column j uses words 2 j and
// 2 j + 1.
inline std::vector<float> startWeights(std::uint64_t seed, std::size_t matrix, std::size_t rows, std::size_t cols, double scale) {
  std::vector<float> values(checkedMultiply(rows, cols));
  const Stream stream{seed, Purpose::initialise, static_cast<std::uint8_t>(matrix & 0xff), matrix >> 8};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t j = 0; j < cols; j += 2) {
      const Words4 words = streamWords(stream, static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(j / 2));
      for (std::size_t k = 0; k < 2 && j + k < cols; ++k)
        values[r * cols + j + k] = static_cast<float>(scale * normalNumber(words.w + 2 * k));
    }
  return values;
}

}  // namespace boltzkit
