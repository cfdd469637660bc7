// Fields by weights rounded to 16 bits: the largest weight of the matrix becomes 32767, all others the nearest multiple of unit = largest / 32767.
//
// Rounding moves the field of a unit by a sum of independent errors of standard deviation unit / sqrt(12) per state, so by
// unit sqrt(n / 12) when n states are 1; copies of matrices for which this may exceed fieldTolerance are not made. A binary unit whose field
// is off by d is drawn from a distribution d^2 / 8 nats away from its own.
#pragma once
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

inline constexpr double fieldTolerance = 0x1p-9;

// The copy for products with the matrix [n, columns], or with its transpose; made anew when the matrix has changed. Null for matrices that are small
// or have weights far above the others: this depends on their values alone.
const CpuTensor::RoundedCopy* roundedCopy(Engine& engine, const CpuTensor& weights, bool transposed);

}  // namespace boltzkit::cpu
