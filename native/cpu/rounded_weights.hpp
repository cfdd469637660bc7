// Copies of matrices with rounded values, for products with states that are whole numbers: of 16
// bits (Packing::pairs), or of 14 bits for states that are bits (Packing::shorts). A value becomes
// one of the two multiples of a unit next to it. The dither of its place decides which
// (kernels/dither.hpp): the upper one with a probability of the value's distance from the lower
// one. The unit is the smallest of the numbers 2^(m / 8) / 32766 or 2^(m / 8) / 8190 with which the
// largest value of the matrix needs no more bits.
//
// So the errors of a field are independent, and zero on average whatever the weights are, equal
// ones too. Each has a standard deviation of half a unit at most; that of a field of n states up to
// s is unit sqrt(n) s / 2 at most. Where this may exceed the tolerance of the fields, no copy is
// made. A binary unit whose field is off by d is drawn from a distribution d^2 / 8 nats away from
// its own.
#pragma once
#include "cpu/engine.hpp"
#include "cpu/packing_formats.hpp"

namespace boltzkit::cpu {

// Of fields that decide draws of units whose standard deviations are at most 1.
inline constexpr double fieldTolerance = 0x1p-8;
// Of the fields of an update. An error counts for more by beta times the largest standard deviation
// that a unit can have.
double toleranceOf(const UnitUpdate& update);

// True if there may be a copy for products with the matrix or its transpose, and states up to
// `largestState`. Small matrices have none, nor have those with weights far above the others. This
// depends on their values alone.
bool roundable(Engine& engine, const CpuTensor& weights, Packing packing, Orientation orientation, double tolerance, double largestState);
// The largest number that weights are rounded to for fields of bits; 0 if they are not. Where it is
// the same, so is every rounded weight.
float largestForBits(Engine& engine, const CpuTensor& weights, Orientation orientation, double tolerance);
// The copy of a matrix that is roundable; made anew when the matrix has changed.
const PackedCopy& roundedCopy(Engine& engine, const CpuTensor& weights, Packing packing, Orientation orientation);

// Keeps copies that are up to date so while their matrix is written anew, some rows at a time. The
// unit hardly ever changes from one step of an optimiser to the next.
class RoundedUpdate {
 public:
  RoundedUpdate(Engine& engine, const CpuTensor& weights);

  static constexpr std::size_t grain = packedRows;
  static std::size_t scratchFloats(const CpuTensor& weights) { return packScratch(weights.cols()); }
  // New rows firstRow ... firstRow + count - 1, of the old rows' stride; both are multiples of
  // grain but for the last rows.
  void write(const float* rows, std::size_t firstRow, std::size_t count, float* scratch) const;
  // All rows are written, `largest` is their largest absolute value, and the matrix has its new
  // version.
  void finish(float largest) const;

 private:
  const Kernels& kernels_;
  const CpuTensor& weights_;
  PerCopy<PackedCopy*> current_;  // null: not kept up
};

}  // namespace boltzkit::cpu
