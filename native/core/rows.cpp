#include "core/rows.hpp"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/checked.hpp"

namespace boltzkit {
namespace {

// 256 values in 1024 slots: the load factor stays at a quarter.
constexpr std::size_t slotCount = 1024;

std::size_t slotOf(float value) {
  return (std::bit_cast<std::uint32_t>(value) * 0x9E3779B1u) >> 22;
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace

Rows::Rows(std::size_t cols, Domain domain) : cols_(cols), domain_(domain), slots_(slotCount, 0) {
  if (cols == 0) throw shapeError("rows need at least one column");
}

std::size_t Rows::bytes() const {
  return codes_.capacity() + floats_.capacity() * sizeof(float) + offsets_.capacity() * sizeof(std::uint64_t) +
         indices_.capacity() * sizeof(std::uint32_t) + values_.capacity() * sizeof(float);
}

void Rows::check(double value, std::size_t row, std::size_t col) const {
  if (value >= domain_.low && value <= domain_.high && (!domain_.integers || value == std::floor(value))) return;  // false for NaN
  throw parameterError(std::string(domain_.integers ? "values must be whole numbers in [" : "values must lie in [") + shown(domain_.low) +
                       ", " + shown(domain_.high) + "], got " + shown(value) + " at row " + std::to_string(rows_ + row) + ", column " +
                       std::to_string(col));
}

void Rows::beginDense(std::size_t more) {
  if (started_ && format_ == RowsFormat::sparse) throw parameterError("dense rows cannot follow sparse ones");
  const std::size_t total = checkedMultiply(rows_ + more, cols_);
  started_ = true;
  if (format_ == RowsFormat::codes)
    codes_.resize(total);
  else
    floats_.resize(total);
}

void Rows::toFloats() {
  floats_.resize(codes_.size());
  for (std::size_t i = 0; i < codes_.size(); ++i) floats_[i] = table_[codes_[i]];
  std::vector<std::uint8_t>().swap(codes_);
  format_ = RowsFormat::floats;
}

template <class T>
void Rows::appendDense(const Source<T>& s) {
  auto at = [&](std::size_t r, std::size_t c) {
    return static_cast<double>(
               s.data[s.offset + static_cast<std::ptrdiff_t>(r) * s.rowStride + static_cast<std::ptrdiff_t>(c) * s.colStride]) *
           s.scale;
  };
  for (std::size_t r = 0; r < s.rows; ++r)
    for (std::size_t c = 0; c < cols_; ++c) check(at(r, c), r, c);
  beginDense(s.rows);
  for (std::size_t r = 0; r < s.rows; ++r)
    for (std::size_t c = 0; c < cols_; ++c) {
      const float value = static_cast<float>(at(r, c)) + 0.0f;  // -0 becomes +0: one code for both
      const std::size_t place = (rows_ + r) * cols_ + c;
      if (format_ == RowsFormat::floats) {
        floats_[place] = value;
        continue;
      }
      std::size_t slot = slotOf(value);
      while (slots_[slot] != 0 && table_[slots_[slot] - 1] != value) slot = (slot + 1) % slotCount;
      if (slots_[slot] == 0) {
        if (tableSize_ == 256) {
          toFloats();
          floats_[place] = value;
          continue;
        }
        table_[tableSize_++] = value;
        slots_[slot] = static_cast<std::uint16_t>(tableSize_);
      }
      codes_[place] = static_cast<std::uint8_t>(slots_[slot] - 1);
    }
  rows_ += s.rows;
}

void Rows::append(const Source<float>& s) {
  appendDense(s);
}
void Rows::append(const Source<double>& s) {
  appendDense(s);
}
void Rows::append(const Source<std::uint8_t>& s) {
  appendDense(s);
}

void Rows::appendBits(const std::uint8_t* data, std::size_t rows, bool mostSignificantFirst) {
  const std::size_t rowBytes = (cols_ + 7) / 8;
  std::vector<std::uint8_t> row(cols_);
  checkedMultiply(rows, rowBytes);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols_; ++c) {
      const unsigned bit = static_cast<unsigned>(c % 8), byte = data[r * rowBytes + c / 8];
      row[c] = (byte >> (mostSignificantFirst ? 7 - bit : bit)) & 1u;
    }
    append(Source<std::uint8_t>{row.data(), 0, static_cast<std::ptrdiff_t>(cols_), 1, 1});
  }
}

void Rows::appendSparse(std::span<const std::uint32_t> offsets, std::span<const std::uint32_t> indices, std::span<const float> values) {
  if (started_ && format_ != RowsFormat::sparse) throw parameterError("sparse rows cannot follow dense ones");
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != indices.size())
    throw shapeError("indptr must run from 0 to the number of indices (" + std::to_string(indices.size()) + ")");
  if (!values.empty() && values.size() != indices.size())
    throw shapeError("values must be as many as indices (" + std::to_string(indices.size()) + "), got " + std::to_string(values.size()));
  const std::size_t rows = offsets.size() - 1;
  for (std::size_t r = 0; r < rows; ++r)
    if (offsets[r] > offsets[r + 1]) throw parameterError("indptr must not fall, it does at row " + std::to_string(rows_ + r));
  if (domain_.low > 0 || domain_.high < 0) throw parameterError("sparse rows need a domain that contains 0");
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = offsets[r]; i < offsets[r + 1]; ++i) {
      if (indices[i] >= cols_ || (i > offsets[r] && indices[i] <= indices[i - 1]))
        throw parameterError("column indices must rise strictly and stay below " + std::to_string(cols_) + ", got " +
                             std::to_string(indices[i]) + " in row " + std::to_string(rows_ + r));
      check(values.empty() ? 1.0 : values[i], r, indices[i]);
    }
  started_ = true;
  format_ = RowsFormat::sparse;
  const std::uint64_t base = offsets_.back();
  for (std::size_t r = 0; r < rows; ++r) offsets_.push_back(base + offsets[r + 1]);
  indices_.insert(indices_.end(), indices.begin(), indices.end());
  if (values.empty())
    values_.insert(values_.end(), indices.size(), 1.0f);
  else
    values_.insert(values_.end(), values.begin(), values.end());
  rows_ += rows;
}

void Rows::expand(std::size_t row, float* out) const {
  if (format_ == RowsFormat::codes) {
    const std::uint8_t* code = codes_.data() + row * cols_;
    for (std::size_t c = 0; c < cols_; ++c) out[c] = table_[code[c]];
  } else if (format_ == RowsFormat::floats) {
    std::memcpy(out, floats_.data() + row * cols_, cols_ * sizeof(float));
  } else {
    std::memset(out, 0, cols_ * sizeof(float));
    for (std::uint64_t i = offsets_[row]; i < offsets_[row + 1]; ++i) out[indices_[i]] = values_[i];
  }
}

}  // namespace boltzkit
