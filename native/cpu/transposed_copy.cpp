#include "cpu/transposed_copy.hpp"

#include <algorithm>

#include "core/checked.hpp"

namespace boltzkit::cpu {
namespace {

// With more rows than this, a transposed copy pays at its first use.
constexpr std::size_t rowsWithoutCopy = 128;

}  // namespace

const CpuTensor::TransposedCopy* transposedCopy(Engine& engine, const CpuTensor& weights, std::size_t rows) {
  CpuTensor::TransposedCopy& copy = weights.transposedCopy();
  if (copy.version != weights.version()) {
    copy.version = weights.version();
    copy.reads = 0;
    copy.filled = false;
  }
  if (copy.filled) return &copy;
  if (copy.reads++ == 0 && rows <= rowsWithoutCopy) return nullptr;
  const std::size_t stride = rowStride(weights.rows()), tiles = blocksOf(weights.cols(), lineFloats), floats = tiles * lineFloats * stride;
  if (copy.buffer.size() < floats) copy.buffer = LineBuffer(floats);
  copy.stride = stride;
  engine.parallelFor(tiles, static_cast<double>(weights.rows() * weights.cols()) / 4, [&](std::size_t tile, unsigned) {
    const std::size_t first = tile * lineFloats;
    engine.kernels().transpose(weights.row(0) + first, weights.stride(), weights.rows(), std::min(lineFloats, weights.cols() - first),
                               nullptr, copy.buffer.data() + first * stride, stride);
  });
  copy.filled = true;
  return &copy;
}

}  // namespace boltzkit::cpu
