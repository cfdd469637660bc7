// Copies of matrices with rounded values, for products with states that are whole numbers. They
// have 16 bits (Packing::pairs), or 14 bits for states that are bits (Packing::shorts). A value
// becomes one of the two multiples of a unit next to it, which the dither of its place decides
// (kernels/dither.hpp). The upper one has a probability of the value's distance from the lower one.
// The unit is one of the numbers 2^(m / 8) / 32766 or 2^(m / 8) / 8190: the smallest with which the
// largest value of the matrix needs no more bits.
//
// So the errors of a field are independent, and zero on average for all weights, equal ones too.
// The standard deviation of each is at most half a unit; for a field of n states up to s it is at
// most unit sqrt(n) s / 2. Where this may exceed the tolerance of the fields, no copy is made. A
// binary unit whose field is off by d is drawn from a distribution d^2 / 8 nats away from its own.
#pragma once
#include "cpu/engine.hpp"
#include "cpu/packing_formats.hpp"

namespace boltzkit::cpu {

// The tolerance of fields that decide draws of units with standard deviations of at most 1.
inline constexpr double fieldTolerance = 0x1p-8;
// The tolerance of the fields of an update. An error counts for more by beta times the largest
// standard deviation that a unit can have.
double toleranceOf(const UnitUpdate& update);

// Rounding pays from this reuse of weights (FieldTerm::reuse) on. A training step takes 80 us to
// keep both copies of 784 x 500 weights up to date. Products with fewer rows of states between two
// steps do not save as much.
inline constexpr std::uint64_t leastReuse = 48;

// True if there may be a copy for products with the matrix or its transpose, and states up to
// `largestState`. Small matrices have none, nor have those with weights far above the others. This
// depends on their values and shape alone.
bool roundable(Engine& engine, const CpuTensor& weights, Packing packing, Orientation orientation, double tolerance, double largestState);
// The largest number that weights are rounded to for fields of bits; 0 if they are not rounded.
// Where it is the same, so is every rounded weight.
float largestForBits(Engine& engine, const CpuTensor& weights, Orientation orientation, double tolerance);
// The copy of a matrix that is roundable, made anew if the matrix has changed.
const PackedCopy& roundedCopy(Engine& engine, const CpuTensor& weights, Packing packing, Orientation orientation);

// Keeps copies up to date while their matrix is written anew, some rows at a time. The unit hardly
// ever changes from one step of an optimiser to the next.
class RoundedUpdate {
 public:
  RoundedUpdate(Engine& engine, const CpuTensor& weights);

  static constexpr std::size_t grain = packedRows;
  static std::size_t scratchFloats(const CpuTensor& weights) { return packScratch(weights.cols()); }
  // New rows firstRow ... firstRow + count - 1, with the stride of the old rows. firstRow and count
  // are multiples of grain, except for the last rows.
  void write(const float* rows, std::size_t firstRow, std::size_t count, float* scratch) const;
  // Ends the update, once all rows are written and the matrix has its new version. `largest` is the
  // largest absolute value of the rows.
  void finish(float largest) const;

 private:
  const Kernels& kernels_;
  const CpuTensor& weights_;
  PerCopy<PackedCopy*> current_;  // null: not kept up
};

}  // namespace boltzkit::cpu
