// Copies of matrices with rounded values, for products with states that are whole numbers: of 16 bits, two places to a word (kernels/pairs.hpp), or, for
// states that are bits, of 14 bits, two columns to a word (kernels/short_sums.hpp). A value is one of the two multiples of a unit next to it, by the dither of
// its place (kernels/dither.hpp): the upper one with a probability of the value's distance from the lower one. The unit is the smallest of the numbers
// 2^(m / 8) / 32766 or 2^(m / 8) / 8190 with which the largest value of the matrix needs no more bits.
//
// So the errors of a field are independent, zero on average whatever the weights are (equal ones too), and of a standard deviation of half a unit at most: that
// of a field of n states up to s is unit sqrt(n) s / 2 at most. Copies for which this may exceed the tolerance of the fields are not made. A binary unit
// whose field is off by d is drawn from a distribution d^2 / 8 nats away from its own.
#pragma once
#include "cpu/engine.hpp"

namespace boltzkit::cpu {

// Of fields that decide draws of units whose standard deviations are at most 1.
inline constexpr double fieldTolerance = 0x1p-8;
// Of the fields of an update: by what factor an error counts for more is beta times the largest standard deviation that a unit can have.
double toleranceOf(const UnitUpdate& update);

// Whether there may be a copy, for products with the matrix [n, columns] or with its transpose and states up to `largestState`: not of matrices that are small
// or have weights far above the others. This depends on their values alone.
bool roundable(Engine& engine, const CpuTensor& weights, bool shorts, bool transposed, double tolerance, double largestState);
// Floats from one row of a copy to the next.
std::size_t roundedStride(bool shorts, std::size_t columns);
// The copy of a matrix that is roundable; made anew when it has changed.
const CpuTensor::RoundedCopy& roundedCopy(Engine& engine, const CpuTensor& weights, bool shorts, bool transposed);

// Keeps the copies of a matrix that are up to date so while it is written anew, some rows at a time: the unit hardly ever changes from one step of an
// optimiser to the next.
class RoundedUpdate {
 public:
  RoundedUpdate(Engine& engine, const CpuTensor& weights);

  static constexpr std::size_t grain = 2 * lineFloats;
  static std::size_t scratchFloats(const CpuTensor& weights) { return (lineFloats + 1) * rowStride(weights.cols()); }
  // New rows firstRow ... firstRow + count - 1, of the old rows' stride; both are multiples of grain but for the last rows.
  void write(const float* rows, std::size_t firstRow, std::size_t count, float* scratch) const;
  // All rows are written, `largest` is their largest absolute value, and the matrix has its new version.
  void finish(float largest) const;

 private:
  const Kernels& kernels_;
  const CpuTensor& weights_;
  bool current_[2][2];
};

}  // namespace boltzkit::cpu
