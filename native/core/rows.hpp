// Data rows in host memory: compact, immutable once built, never expanded to float32 as a whole.
// Dense rows with at most 256 distinct values (bits, grey levels) take one byte per value and a
// table of the exact values. Other dense rows take float32. Sparse rows keep column indices and
// values.
// If the domain allows it, values may be missing; all of them are stored as the same NaN. In sparse
// rows a missing value is an entry that holds NaN; a place without an entry is 0.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/error.hpp"

namespace boltzkit {

enum class RowsFormat { codes, floats, sparse };

// The values a layer accepts as data.
struct Domain {
  double low = 0, high = 1;
  bool integers = false;
  bool missing = false;  // true: NaN stands for a missing value
  // Number of neighbouring columns that form one unit. A unit is missing as a whole or not at all.
  std::size_t group = 1;
  // Bounds on the sum of a unit's values.
  double leastSum = -std::numeric_limits<double>::max(), mostSum = std::numeric_limits<double>::max();

  bool bindsSums() const { return leastSum > -std::numeric_limits<double>::max() || mostSum < std::numeric_limits<double>::max(); }
  // Allows for rounding: probabilities may come in single precision.
  bool takesSum(double sum) const { return sum >= leastSum - 1e-5 && sum <= mostSum + 1e-5; }
};

class Rows {
 public:
  // `floats` is for dense rows that are read only once: finding codes would cost more than it
  // saves.
  enum class Keep { compact, floats };
  Rows(std::size_t cols, Domain domain, Keep keep = Keep::compact);

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t bytes() const;
  RowsFormat format() const { return format_; }
  bool hasMissing() const { return hasMissing_; }

  // Format codes: [rows, cols] bytes, and the value of each code.
  const std::uint8_t* codes() const { return codes_.data(); }
  const float* table() const { return table_; }
  // Format floats: [rows, cols].
  const float* floats() const { return floats_.data(); }
  // Format sparse: row r has the entries offsets()[r] ... offsets()[r + 1] - 1.
  const std::uint64_t* offsets() const { return offsets_.data(); }
  const std::uint32_t* indices() const { return indices_.data(); }
  const float* values() const { return values_.data(); }

  // True if every value passes the test. With codes, each distinct value is tested once.
  template <class Test>
  bool all(Test&& passes) const {
    const std::span<const float> some = format_ == RowsFormat::codes    ? std::span(table_, tableSize_)
                                        : format_ == RowsFormat::floats ? std::span<const float>(floats_)
                                                                        : std::span<const float>(values_);
    if (format_ == RowsFormat::sparse && values_.size() < rows_ * cols_ && !passes(0.0f)) return false;
    for (const float value : some)
      if (!passes(value)) return false;
    return true;
  }

  // Some rows of others, by number, in this order; a row may come several times. Throws
  // ParameterError on a number that none has.
  Rows(const Rows& from, std::span<const std::uint32_t> which);

  // Writes one row as floats; `out` has cols() elements.
  void expand(std::size_t row, float* out) const;

  // Removes all rows but keeps their memory for the next ones.
  void clear();

  // Reserves memory for this many rows in total, so that appending dense rows does not reallocate.
  void reserve(std::size_t rows);
  // The same for sparse rows with this many entries in total.
  void reserveSparse(std::size_t rows, std::size_t entries);

  // For building. Each append validates its whole argument before it stores any of it. It throws a
  // ParameterError that names row and column. Element (r, c) of the source is
  // data[offset + r * rowStride + c * colStride] * scale.
  template <class T>
  struct Source {
    const T* data;
    std::ptrdiff_t offset, rowStride, colStride;
    std::size_t rows;
    double scale = 1;
  };
  void append(const Source<float>&);
  void append(const Source<double>&);
  void append(const Source<std::uint8_t>&);
  // Bits: eight columns per byte, each row starts on a byte. mostSignificantFirst is the default
  // order of numpy.packbits.
  void appendBits(const std::uint8_t* data, std::size_t rows, bool mostSignificantFirst);
  // CSR: `offsets` has rows + 1 entries and starts at 0. Empty `values` means all ones. Column
  // indices rise strictly within a row.
  void appendSparse(std::span<const std::uint32_t> offsets, std::span<const std::uint32_t> indices, std::span<const float> values);

 private:
  template <class T>
  void appendDense(const Source<T>&);
  // These return true if any value is missing.
  template <class T>
  bool validate(const Source<T>&) const;
  bool validateSparse(std::span<const std::uint32_t> offsets, std::span<const std::uint32_t> indices, std::span<const float> values) const;
  template <class Value>
  bool check(Value value, std::size_t row) const;
  bool checkUnit(std::size_t absent, double sum, std::size_t unit, std::size_t row) const;
  bool checkSparseUnits(std::span<const std::uint32_t> indices, std::span<const float> values, std::size_t row) const;
  template <class T>
  class Coder;
  void beginDense(std::size_t more);
  void toFloats();
  int newCode(float value, std::size_t slot);
  void check(double value, std::size_t row, std::size_t col) const;

  std::size_t cols_, rows_ = 0;
  Domain domain_;
  Keep keep_;
  RowsFormat format_ = RowsFormat::codes;
  bool started_ = false, hasMissing_ = false;
  std::vector<std::uint8_t> codes_;
  float table_[256] = {};
  std::size_t tableSize_ = 0, reserved_ = 0;
  // Hash table with open addressing: from the bits of a value to its code + 1; 0 if the slot is
  // empty.
  std::vector<std::uint16_t> slots_;
  std::vector<float> floats_;
  std::vector<std::uint64_t> offsets_{0};
  std::vector<std::uint32_t> indices_;
  std::vector<float> values_;
};

}  // namespace boltzkit
