// Dropout: places whose uniform number is below a rate become zero, others are scaled.
#pragma once
#include "cpu/kernels/philox.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

void dropRow(const DroppedRow& given) {
  const DroppedRow row = given;  // a copy that stores cannot reach
  const PhiloxKeys keys = philoxKeys(row.key);
  const F threshold = set1(row.threshold), scale = set1(row.scale);
  for (std::size_t first = 0; first < row.places; first += philoxGrain) {
    const UnitWords words = philoxUnits(static_cast<std::uint32_t>(first / 4), row.counter, keys);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < philoxVectors; ++v) {
      const std::size_t j = first + v * lanes;
      if (j >= row.places) return;
      // Zeros behind the last place stay zeros.
      const I kept = top24(words.vector[v]) >= threshold;
      store(row.out + j, (F)((I)(scale * load(row.from + j)) & kept));
    }
  }
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
