#include "cpu/tensor.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

#include "core/checked.hpp"
#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu {
namespace {

constexpr std::align_val_t lineAlignment{64};
// Narrower rows keep their exact number of lines, so that the odd multiple costs at most a tenth of
// the memory.
constexpr std::size_t wideRow = 160;

// Numbers 2^32 versions of 2^32 tensors.
std::uint64_t firstVersion() {
  static std::atomic<std::uint64_t> tensors{0};
  return ++tensors << 32;
}

}  // namespace

LineBuffer::LineBuffer(std::size_t floats) : size_(roundUp(floats, lineFloats)) {
  const std::size_t bytes = checkedMultiply(size_, sizeof(float));
  memory_.reset(static_cast<float*>(::operator new(bytes, lineAlignment)));
  std::memset(memory_.get(), 0, bytes);
}

void LineBuffer::Free::operator()(float* p) const { ::operator delete(p, lineAlignment); }

std::size_t rowStride(std::size_t cols) {
  const std::size_t lines = roundUp(cols, lineFloats) / lineFloats;
  return (cols > wideRow ? lines | 1 : lines) * lineFloats;
}

CpuTensor::CpuTensor(std::size_t rows, std::size_t cols)
    : Tensor(rows, cols), stride_(rowStride(cols)), buffer_(checkedMultiply(rows, stride_)), version_(firstVersion()) {}

std::uint64_t* CpuTensor::newBits() {
  if (bits_.size() == 0) bits_ = LineBuffer(2 * bitsStride() * blocksOf(cols(), 64));
  bitsVersion_ = version_;
  bitsRows_ = rows();
  return reinterpret_cast<std::uint64_t*>(bits_.data());
}

void CpuTensor::copyBits(const CpuTensor& from) {
  const std::uint64_t* source = from.bits();
  std::uint64_t* to = newBits();
  for (std::size_t q = 0; q < blocksOf(cols(), 64); ++q) std::copy_n(source + q * from.bitsStride(), rows(), to + q * bitsStride());
}

float* CpuTensor::spareRow(std::size_t r) {
  if (spare_.size() < buffer_.size()) spare_ = LineBuffer(buffer_.size());
  return spare_.data() + r * stride_;
}

void CpuTensor::adoptSpare() {
  std::swap(buffer_, spare_);
  touch();
}

}  // namespace boltzkit::cpu
