// Tensors of the CPU backend: float32, row-major, every row on a line of 64 bytes, padded with
// zeros.
#pragma once
#include <cstdint>
#include <memory>

#include "backend.hpp"
#include "cpu/kernels/product_family.hpp"
#include "cpu/packing.hpp"

namespace boltzkit::cpu {

// Memory on a 64-byte boundary, filled with zeros; throws std::bad_alloc.
class LineBuffer {
 public:
  LineBuffer() = default;
  explicit LineBuffer(std::size_t floats);
  float* data() const { return memory_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* p) const;
  };
  std::unique_ptr<float, Free> memory_;
  std::size_t size_ = 0;
};

// Floats from one row to the next: a multiple of 16, for wide rows an odd multiple. A block of
// rows, a few lines of each, then spreads over all sets of the first-level cache.
std::size_t rowStride(std::size_t cols);

// A copy of a matrix or of its transpose in words of rounded values (cpu/packing.hpp).
struct PackedCopy {
  LineBuffer words;
  std::size_t stride = 0;
  float unit = 0;        // a value is unit * a whole number
  std::size_t rows = 0;  // of the tensor
  std::uint64_t version = 0;
};

class CpuTensor final : public Tensor {
 public:
  CpuTensor(std::size_t rows, std::size_t cols);

  std::size_t stride() const { return stride_; }
  const float* row(std::size_t r) const { return buffer_.data() + r * stride_; }
  // Declares that the contents change: whatever was derived from them is out of date. Writers call
  // it first, once and on the job's thread; any thread may then write through touchedRow. No two
  // contents of any tensors have the same version.
  void touch() { ++version_; }
  float* touchedRow(std::size_t r) { return buffer_.data() + r * stride_; }
  float* writeRow(std::size_t r) {
    touch();
    return touchedRow(r);
  }
  std::uint64_t version() const { return version_; }

  // The values as bits, for layers of zeros and ones; null if nobody has written them. The word of
  // row r and the columns 64 q ... is bits()[q * bitsStride() + r]. So threads that draw 64 columns
  // each share no line. Writers of values and bits call touch(), then newBits().
  std::uint64_t* newBits();
  void copyBits(const CpuTensor& from);  // `from` must have bits
  const std::uint64_t* bits() const {
    return bitsVersion_ == version_ && rows() <= bitsRows_ ? reinterpret_cast<const std::uint64_t*>(bits_.data()) : nullptr;
  }
  std::size_t bitsStride() const { return (capacity() + 7) / 8 * 8; }

  // A second buffer for new contents, allocated at its first use, with zeros as padding. adoptSpare
  // swaps the two buffers.
  float* spareRow(std::size_t r);
  void adoptSpare();

  // A copy [cols, rows] for products with the transpose, kept until the tensor changes. `reads`
  // counts the products that have asked for it since. A first product of few rows transposes its
  // tiles on the way instead, which is faster.
  struct TransposedCopy {
    LineBuffer buffer;
    std::size_t stride = 0;
    std::uint64_t version = 0, reads = 0;
    bool filled = false;
  };
  TransposedCopy& transposedCopy() const { return transposed_; }

  // Copies with rounded values, for products with the matrix and with its transpose; see
  // cpu/rounded_weights.hpp.
  PackedCopy& packedCopy(Packing packing, Orientation orientation) const { return packed_.at(packing, orientation); }

  // What is known of the values of all rows. They are of no kind earlier than `kind`, and `holds`
  // says whether they are known to be of that kind (see cpu/product_plan.cpp).
  struct KnownValues {
    std::uint64_t version = 0;
    std::size_t rows = 0;
    LeftValues kind = LeftValues::bits;
    bool holds = false;
    // Of values of that kind.
    float largest = 0;      // absolute
    std::size_t count = 0;  // nonzero places
  };
  KnownValues& knownValues() const {
    if (known_.version != version_ || known_.rows != rows()) known_ = {version_, rows()};
    return known_;
  }

  // The largest absolute value.
  struct Largest {
    float value = 0;
    std::uint64_t version = 0;
  };
  Largest& largest() const { return largest_; }
  // No absolute value is above it. Steps keep it for momentum.
  Largest& bound() const { return bound_; }

 private:
  std::size_t stride_;
  LineBuffer buffer_, spare_, bits_;
  std::uint64_t version_, bitsVersion_ = 0;
  std::size_t bitsRows_ = 0;
  mutable TransposedCopy transposed_;
  mutable PerCopy<PackedCopy> packed_;
  mutable Largest largest_, bound_;
  mutable KnownValues known_;
};

inline CpuTensor& cpuTensor(Tensor& t) { return static_cast<CpuTensor&>(t); }
inline const CpuTensor& cpuTensor(const Tensor& t) { return static_cast<const CpuTensor&>(t); }

}  // namespace boltzkit::cpu
