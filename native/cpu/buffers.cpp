// Transfers between host and tensors, and the expansion of packed data rows.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/cpu_backend.hpp"
#include "units/rows.hpp"

namespace boltzkit::cpu {
namespace {

struct CpuData final : Data {
  explicit CpuData(std::shared_ptr<const Rows> r) : source(std::move(r)) {}
  std::size_t rows() const override { return source->rows(); }
  std::size_t cols() const override { return source->cols(); }
  std::shared_ptr<const Rows> source;
};

template <class T>
void copyIn(std::span<const T> from, CpuTensor& to) {
  const std::size_t cols = to.cols();
  for (std::size_t r = 0; r < to.rows(); ++r) {
    float* row = to.writeRow(r);
    for (std::size_t j = 0; j < cols; ++j) row[j] = static_cast<float>(from[r * cols + j]);
  }
}

template <class T>
void copyOut(const CpuTensor& from, std::span<T> to) {
  const std::size_t cols = from.cols();
  for (std::size_t r = 0; r < from.rows(); ++r) std::copy_n(from.row(r), cols, to.data() + r * cols);
}

void expandCodes(const Rows& source, std::size_t row, float* out) {
  const std::size_t cols = source.cols();
  const std::uint8_t* codes = source.codes() + row * cols;
  const float* table = source.table();
  std::size_t j = 0;
  // In most data most places hold the same value: tries eight of them at a time.
  const std::uint64_t usual = codes[0] * std::uint64_t{0x0101010101010101};
  const float value = table[codes[0]];
  for (; j + 8 <= cols; j += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, codes + j, 8);
    if (eight == usual)
      std::fill_n(out + j, 8, value);
    else
      for (std::size_t i = j; i < j + 8; ++i) out[i] = table[codes[i]];
  }
  for (; j < cols; ++j) out[j] = table[codes[j]];
}

void expandSparse(const Rows& source, std::size_t row, float* out) {
  std::memset(out, 0, source.cols() * sizeof(float));
  for (std::uint64_t i = source.offsets()[row]; i < source.offsets()[row + 1]; ++i) out[source.indices()[i]] = source.values()[i];
}

void expandRow(const Rows& source, std::size_t row, float* out) {
  switch (source.format()) {
    case RowsFormat::codes:
      return expandCodes(source, row, out);
    case RowsFormat::floats:
      std::memcpy(out, source.floats() + row * source.cols(), source.cols() * sizeof(float));
      return;
    case RowsFormat::sparse:
      return expandSparse(source, row, out);
  }
}

}  // namespace

void CpuBackend::upload(std::span<const float> from, Tensor& to) { copyIn(from, cpuTensor(to)); }
void CpuBackend::upload(std::span<const double> from, Tensor& to) { copyIn(from, cpuTensor(to)); }
void CpuBackend::download(const Tensor& from, std::span<float> to) { copyOut(cpuTensor(from), to); }
void CpuBackend::download(const Tensor& from, std::span<double> to) { copyOut(cpuTensor(from), to); }

void CpuBackend::fill(double value, Tensor& out) {
  for (std::size_t r = 0; r < out.rows(); ++r) std::fill_n(cpuTensor(out).writeRow(r), out.cols(), static_cast<float>(value));
}

void CpuBackend::axpby(double alpha, const Tensor& x, double beta, Tensor& y) {
  const CpuTensor& from = cpuTensor(x);
  CpuTensor& to = cpuTensor(y);
  const std::uint64_t* bits = alpha == 1 && beta == 0 && &from != &to ? from.bits() : nullptr;
  to.touch();
  if (bits) to.copyBits(from);
  engine_.parallelRows(y.rows(), static_cast<double>(y.rows() * y.cols()) / 4, [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r)
      engine_.kernels().axpby(static_cast<float>(alpha), from.row(r), static_cast<float>(beta), to.touchedRow(r), y.cols());
  });
}

DataPtr CpuBackend::data(std::shared_ptr<const Rows> rows) { return std::make_unique<CpuData>(std::move(rows)); }

void CpuBackend::gather(const Data& from, const Batch& batch, Tensor& out) {
  const std::span<const std::uint32_t> rows = rowsOf(batch);
  const Rows& source = *static_cast<const CpuData&>(from).source;
  CpuTensor& to = cpuTensor(out);
  to.touch();
  engine_.parallelRows(rows.size(), static_cast<double>(rows.size() * source.cols()), [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) expandRow(source, rows[r], to.touchedRow(r));
  });
}

void CpuBackend::gatherColumns(const Tensor& from, const Batch& batch, Tensor& out) {
  const std::span<const std::uint32_t> columns = rowsOf(batch);
  CpuTensor& to = cpuTensor(out);
  to.touch();
  for (std::size_t j = 0; j < columns.size(); ++j) to.touchedRow(0)[j] = cpuTensor(from).row(0)[columns[j]];
}

void CpuBackend::splitMissing(Tensor& states, Tensor& present) {
  CpuTensor &values = cpuTensor(states), &mask = cpuTensor(present);
  values.touch();
  mask.touch();
  engine_.parallelRows(states.rows(), static_cast<double>(states.rows() * states.cols()), [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      float *s = values.touchedRow(r), *m = mask.touchedRow(r);
      for (std::size_t j = 0; j < states.cols(); ++j) {
        m[j] = std::isnan(s[j]) ? 0.0f : 1.0f;
        if (m[j] == 0) s[j] = 0;
      }
    }
  });
}

void CpuBackend::drawBinary(const Stream& stream, std::uint32_t firstChain, Tensor& states) {
  CpuTensor& values = cpuTensor(states);
  values.touch();
  engine_.parallelRows(states.rows(), 4 * static_cast<double>(states.rows() * states.cols()), [&](std::size_t first, std::size_t last) {
    for (std::size_t r = first; r < last; ++r) {
      RowWords words(stream, firstChain + static_cast<std::uint32_t>(r));
      drawBinaryRow(words, states.cols(), values.touchedRow(r));
    }
  });
}

}  // namespace boltzkit::cpu
