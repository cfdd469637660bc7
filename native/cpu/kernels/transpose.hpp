// Transposition in blocks of lanes x lanes held in registers.
#pragma once
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu::BOLTZKIT_ISA {
namespace {

// Lane i of the result is lane place[i] of a followed by b.
FORCE_INLINE F pick(F a, F b, I place) {
#if defined(__clang__)
  F v;
  for (int i = 0; i < lanes; ++i) v[i] = place[i] < lanes ? a[place[i]] : b[place[i] - lanes];
  return v;
#else
  return __builtin_shuffle(a, b, place);  // g++ makes a permutation of this, but not of the loop
#endif
}

// One step of the network: in every pair of rows `step` apart, exchanges the upper `step` lanes of
// the first row with the lower ones of the second. log2(lanes) steps transpose the block.
template <int step>
FORCE_INLINE F mixLow(F a, F b) {
  I place{};
  for (int i = 0; i < lanes; ++i) place[i] = i & step ? lanes + i - step : i;
  return pick(a, b, place);
}
template <int step>
FORCE_INLINE F mixHigh(F a, F b) {
  I place{};
  for (int i = 0; i < lanes; ++i) place[i] = i & step ? lanes + i : i + step;
  return pick(a, b, place);
}

template <int step>
FORCE_INLINE void transposeSteps(F (&row)[lanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i) {
    if (i & step) continue;
    const F a = row[i], b = row[i + step];
    row[i] = mixLow<step>(a, b);
    row[i + step] = mixHigh<step>(a, b);
  }
  if constexpr (step > 1) transposeSteps<step / 2>(row);
}

// Rows beyond `rows` count as zeros.
FORCE_INLINE void transposeBlock(const float* in, std::size_t ldi, std::size_t rows, const float* weights, float* out, std::size_t ldo) {
  F row[lanes];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < lanes; ++i) row[i] = i < rows ? load(in + i * ldi) : F{};
  transposeSteps<half>(row);
  if (weights) {
    const F w = firstLanes(load(weights), rows);
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) row[i] = row[i] * w;
  }
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i) store(out + i * ldo, row[i]);
}

void transpose(const float* in, std::size_t ldi, std::size_t rows, std::size_t cols, const float* weights, float* out, std::size_t ldo) {
  const std::size_t paddedRows = (rows + lineFloats - 1) / lineFloats * lineFloats;
  for (std::size_t c = 0; c < cols; c += lanes)
    for (std::size_t r = 0; r < paddedRows; r += lanes)
      transposeBlock(in + r * ldi + c, ldi, r < rows ? rows - r : 0, weights ? weights + r : nullptr, out + c * ldo + r, ldo);
}

}  // namespace
}  // namespace boltzkit::cpu::BOLTZKIT_ISA
