#include "core/rows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <limits>
#include <type_traits>

#include "core/checked.hpp"

namespace boltzkit {
namespace {

// Hash table with 4096 slots for at most 256 values, so collisions are rare. With this multiplier
// the grey levels k / 255 have none.
constexpr std::size_t slotCount = 4096;

// Upper limit, in elements, on what `reserve` sets aside, in case a caller announces far too many
// rows.
constexpr std::size_t mostReserved = std::size_t{1} << 31;

std::uint32_t bitsOf(float value) { return std::bit_cast<std::uint32_t>(value); }
std::size_t slotOf(float value) { return (bitsOf(value) * 0x85EBCA6Bu) >> 20; }

// Stands for every missing value.
constexpr float missing = std::numeric_limits<float>::quiet_NaN();
// Makes all NaNs alike and turns -0 into +0, so that each has one code.
float canonical(float value) { return std::isnan(value) ? missing : value + 0.0f; }

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace

Rows::Rows(std::size_t cols, Domain domain, Keep keep) : cols_(cols), domain_(domain), keep_(keep) {
  clear();
  if (cols == 0) throw shapeError("rows need at least one column");
  if (domain.group == 0 || cols % domain.group != 0)
    throw shapeError("rows of " + std::to_string(cols) + " columns cannot hold units of " + std::to_string(domain.group));
}

Rows::Rows(const Rows& from, std::span<const std::uint32_t> which) : Rows(from.cols_, from.domain_, from.keep_) {
  for (std::size_t i = 0; i < which.size(); ++i)
    if (which[i] >= from.rows_)
      throw parameterError("rows must be chosen among " + std::to_string(from.rows_) + ", got " + std::to_string(which[i]) + " at place " +
                           std::to_string(i));
  started_ = from.started_;
  hasMissing_ = from.hasMissing_;
  format_ = from.format_;
  tableSize_ = from.tableSize_;
  std::copy(std::begin(from.table_), std::end(from.table_), std::begin(table_));
  slots_ = from.slots_;
  rows_ = which.size();
  const auto copy = [&](const auto& values, auto& into) {
    into.resize(checkedMultiply(rows_, cols_));
    for (std::size_t i = 0; i < rows_; ++i) std::copy_n(values.data() + which[i] * cols_, cols_, into.data() + i * cols_);
  };
  if (format_ == RowsFormat::codes) copy(from.codes_, codes_);
  if (format_ == RowsFormat::floats) copy(from.floats_, floats_);
  if (format_ != RowsFormat::sparse) return;
  for (const std::size_t r : which) offsets_.push_back(offsets_.back() + from.offsets_[r + 1] - from.offsets_[r]);
  reserveSparse(rows_, offsets_.back());
  for (const std::size_t r : which) {
    const auto part = [&](const auto& all, auto& into) {
      into.insert(into.end(), all.begin() + static_cast<std::ptrdiff_t>(from.offsets_[r]),
                  all.begin() + static_cast<std::ptrdiff_t>(from.offsets_[r + 1]));
    };
    part(from.indices_, indices_);
    part(from.values_, values_);
  }
}

std::size_t Rows::bytes() const {
  return codes_.capacity() + floats_.capacity() * sizeof(float) + offsets_.capacity() * sizeof(std::uint64_t) +
         indices_.capacity() * sizeof(std::uint32_t) + values_.capacity() * sizeof(float);
}

void Rows::check(double value, std::size_t row, std::size_t col) const {
  // Both comparisons are false for NaN.
  if (value >= domain_.low && value <= domain_.high && (!domain_.integers || value == std::floor(value))) return;
  if (domain_.missing && std::isnan(value)) return;
  const char* hint = " (values that are missing can be filled in by `impute`, left to `fit`, or free in `clamp`)";
  throw parameterError(std::string(domain_.integers ? "values must be whole numbers in [" : "values must lie in [") + shown(domain_.low) +
                       ", " + shown(domain_.high) + "], got " + (std::isnan(value) ? "NaN" : shown(value)) + " at row " +
                       std::to_string(rows_ + row) + ", column " + std::to_string(col) + (std::isnan(value) ? hint : ""));
}

// Checks a unit with `absent` missing places whose other places add up to `sum`. Returns true if
// the whole unit is missing.
bool Rows::checkUnit(std::size_t absent, double sum, std::size_t unit, std::size_t row) const {
  if (absent == domain_.group || (absent == 0 && (!domain_.bindsSums() || domain_.takesSum(sum)))) return absent != 0;
  const std::size_t first = unit * domain_.group;
  const std::string where =
      " at row " + std::to_string(rows_ + row) + ", columns " + std::to_string(first) + " to " + std::to_string(first + domain_.group - 1);
  if (absent != 0)
    throw parameterError("all " + std::to_string(domain_.group) + " places of a unit must be missing or none, got " +
                         std::to_string(absent) + " missing" + where);
  const bool exactly = domain_.leastSum == domain_.mostSum;
  throw parameterError("the values of a unit must add up to " + std::string(exactly ? "" : "at most ") + shown(domain_.mostSum) + ", got " +
                       shown(sum) + where +
                       (sum == 0 ? " (zeros are no state: a value that is missing is NaN in all places of its unit)" : ""));
}

// Checks the values value(0), value(1), ... of a row. Returns true if any is missing.
template <class Value>
bool Rows::check(Value value, std::size_t row) const {
  bool any = false;
  for (std::size_t first = 0; first < cols_; first += domain_.group) {
    std::size_t absent = 0;
    double sum = 0;
    for (std::size_t c = first; c < first + domain_.group; ++c) {
      const double v = value(c);
      check(v, row, c);
      if (std::isnan(v))
        ++absent;
      else
        sum += v;
    }
    any |= checkUnit(absent, sum, first / domain_.group, row);
  }
  return any;
}

void Rows::clear() {
  rows_ = 0;
  started_ = hasMissing_ = false;
  format_ = keep_ == Keep::compact ? RowsFormat::codes : RowsFormat::floats;
  codes_.clear();
  floats_.clear();
  offsets_.assign(1, 0);
  indices_.clear();
  values_.clear();
  tableSize_ = 0;
  if (keep_ == Keep::compact) slots_.assign(slotCount, 0);
}

void Rows::reserve(std::size_t rows) {
  reserved_ = std::min(checkedMultiply(rows, cols_), mostReserved);
  if (format_ == RowsFormat::codes) codes_.reserve(reserved_);
  if (format_ == RowsFormat::floats) floats_.reserve(reserved_);
}

void Rows::reserveSparse(std::size_t rows, std::size_t entries) {
  const std::size_t most = mostReserved / sizeof(float);
  offsets_.reserve(std::min(rows, most) + 1);
  indices_.reserve(std::min(entries, most));
  values_.reserve(std::min(entries, most));
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
  floats_.reserve(std::max(reserved_, codes_.size()));
  floats_.resize(codes_.size());
  for (std::size_t i = 0; i < codes_.size(); ++i) floats_[i] = table_[codes_[i]];
  std::vector<std::uint8_t>().swap(codes_);
  format_ = RowsFormat::floats;
}

// Assigns the next code to a new value; `slot` is the empty slot where its search ended. Returns -1
// if all 256 codes are taken.
int Rows::newCode(float value, std::size_t slot) {
  if (tableSize_ == 256) return -1;
  table_[tableSize_++] = value;
  slots_[slot] = static_cast<std::uint16_t>(tableSize_);
  return static_cast<int>(tableSize_) - 1;
}

namespace {

template <class T>
double exactOf(T element, double scale) {
  return static_cast<double>(element) * scale;
}

template <class T>
float valueOf(T element, double scale) {
  return canonical(static_cast<float>(exactOf(element, scale)));
}

template <class T>
struct SourceRow {
  const T* first;
  std::ptrdiff_t stride;

  SourceRow(const Rows::Source<T>& s, std::size_t row)
      : first(s.data + (s.offset + static_cast<std::ptrdiff_t>(row) * s.rowStride)), stride(s.colStride) {}
  T at(std::size_t c) const { return first[static_cast<std::ptrdiff_t>(c) * stride]; }

  // Writes the values of columns c ... cols - 1. The first loop is one that compilers vectorise.
  void copy(std::size_t c, std::size_t cols, double scale, bool mayLack, float* out) const {
    if (stride == 1 && scale == 1 && !mayLack)
      for (; c < cols; ++c) out[c] = static_cast<float>(first[c]) + 0.0f;
    else
      for (; c < cols; ++c) out[c] = valueOf(at(c), scale);
  }

  // Writes one code per column. Returns the number of columns written before the codes ran out.
  template <class Coder>
  std::size_t encode(Coder& coder, std::size_t cols, std::uint8_t* out) const {
    for (std::size_t c = 0; c < cols; ++c) {
      const int code = coder(at(c));
      if (code < 0) return c;
      out[c] = static_cast<std::uint8_t>(code);
    }
    return cols;
  }
};

// The smallest float that is not below x; infinity if x exceeds the range of float.
float notBelow(double x) {
  constexpr float most = std::numeric_limits<float>::max();
  if (x > most) return std::numeric_limits<float>::infinity();
  const float near = static_cast<float>(std::max<double>(x, -most));
  return near < x ? std::nextafter(near, most) : near;
}

// The same check as the template below, with float limits so that compilers can vectorise the loop.
bool allInside(const float* row, std::size_t cols, const Domain& domain) {
  const float low = notBelow(domain.low), high = -notBelow(-domain.high);
  int outside = 0;
  // Both comparisons are true for NaN.
  for (std::size_t c = 0; c < cols; ++c) outside |= !(row[c] >= low) | !(row[c] <= high);
  return outside == 0;
}

template <class T>
bool allInside(const SourceRow<T>& row, std::size_t cols, const Domain& domain, double scale) {
  if constexpr (std::is_same_v<T, float>)
    if (scale == 1 && row.stride == 1) return allInside(row.first, cols, domain);
  int outside = 0;
  const auto check = [&](T element) {
    const double v = exactOf(element, scale);
    outside |= !(v >= domain.low) | !(v <= domain.high);  // both true for NaN
  };
  if (row.stride == 1)
    for (std::size_t c = 0; c < cols; ++c) check(row.first[c]);
  else
    for (std::size_t c = 0; c < cols; ++c) check(row.at(c));
  return outside == 0;
}

// True if the places of every unit add up to a sum that the domain allows.
template <class T>
bool sumsInside(const SourceRow<T>& row, std::size_t cols, const Domain& domain, double scale) {
  for (std::size_t first = 0; domain.bindsSums() && first < cols; first += domain.group) {
    double sum = 0;
    if (row.stride == 1)
      for (std::size_t c = first; c < first + domain.group; ++c) sum += static_cast<double>(row.first[c]);
    else
      for (std::size_t c = first; c < first + domain.group; ++c) sum += static_cast<double>(row.at(c));
    if (!domain.takesSum(sum * scale)) return false;
  }
  return true;
}

// Scaling and rounding preserve order, so for bytes it is enough to check the smallest and the
// largest.
bool allInside(const SourceRow<std::uint8_t>& row, std::size_t cols, const Domain& domain, double scale) {
  std::uint8_t least = 255, most = 0;
  const auto check = [&](std::uint8_t element) {
    least = std::min(least, element);
    most = std::max(most, element);
  };
  if (row.stride == 1)
    for (std::size_t c = 0; c < cols; ++c) check(row.first[c]);
  else
    for (std::size_t c = 0; c < cols; ++c) check(row.at(c));
  const auto inside = [&](double v) { return v >= domain.low && v <= domain.high; };
  return inside(exactOf(least, scale)) && inside(exactOf(most, scale));
}

}  // namespace

template <class T>
bool Rows::validate(const Source<T>& s) const {
  bool any = false;
  for (std::size_t r = 0; r < s.rows; ++r) {
    const SourceRow<T> row(s, r);
    if (!domain_.integers && allInside(row, cols_, domain_, s.scale) && sumsInside(row, cols_, domain_, s.scale)) continue;
    any |= check([&](std::size_t c) { return exactOf(row.at(c), s.scale); }, r);
  }
  return any;
}

// Returns the code of an element and assigns a new one if needed; -1 if all codes are taken.
template <class T>
class Rows::Coder {
 public:
  Coder(Rows& rows, double scale) : rows_(rows), slots_(rows.slots_.data()), table_(rows.table_), scale_(scale) {}

  int operator()(T element) {
    const float value = scale_ == 1 ? canonical(static_cast<float>(element)) : valueOf(element, scale_);
    std::size_t slot = slotOf(value);
    for (; slots_[slot] != 0; slot = (slot + 1) % slotCount)
      if (bitsOf(table_[slots_[slot] - 1]) == bitsOf(value)) return slots_[slot] - 1;
    return rows_.newCode(value, slot);
  }

 private:
  Rows& rows_;
  const std::uint16_t* slots_;
  const float* table_;
  double scale_;
};

// For bytes: caches the code of each of the 256 elements in a table.
template <>
class Rows::Coder<std::uint8_t> {
 public:
  Coder(Rows& rows, double scale) : search_(rows, 1), scale_(scale) { std::fill(std::begin(known_), std::end(known_), -1); }

  int operator()(std::uint8_t element) {
    if (known_[element] < 0) known_[element] = static_cast<std::int16_t>(search_(exactOf(element, scale_)));
    return known_[element];
  }

 private:
  Coder<double> search_;
  double scale_;
  std::int16_t known_[256];
};

template <class T>
void Rows::appendDense(const Source<T>& s) {
  const bool missing = validate(s);
  beginDense(s.rows);
  hasMissing_ |= missing;
  Coder<T> coder(*this, s.scale);
  for (std::size_t r = 0; r < s.rows; ++r) {
    const SourceRow<T> row(s, r);
    std::size_t c = format_ == RowsFormat::codes ? row.encode(coder, cols_, codes_.data() + (rows_ + r) * cols_) : 0;
    if (c == cols_) continue;
    if (format_ == RowsFormat::codes) toFloats();
    row.copy(c, cols_, s.scale, missing, floats_.data() + (rows_ + r) * cols_);
  }
  rows_ += s.rows;
}

void Rows::append(const Source<float>& s) { appendDense(s); }
void Rows::append(const Source<double>& s) { appendDense(s); }
void Rows::append(const Source<std::uint8_t>& s) { appendDense(s); }

void Rows::appendBits(const std::uint8_t* data, std::size_t rows, bool mostSignificantFirst) {
  const std::size_t rowBytes = (cols_ + 7) / 8;
  checkedMultiply(rows, rowBytes);
  const auto bit = [&](std::size_t r, std::size_t c) -> std::uint8_t {
    const unsigned place = static_cast<unsigned>(c % 8), byte = data[r * rowBytes + c / 8];
    return (byte >> (mostSignificantFirst ? 7 - place : place)) & 1u;
  };
  // Otherwise every bit is valid.
  if (domain_.low > 0 || domain_.high < 1 || domain_.bindsSums())
    for (std::size_t r = 0; r < rows; ++r) check([&](std::size_t c) { return static_cast<double>(bit(r, c)); }, r);
  std::vector<std::uint8_t> row(cols_);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols_; ++c) row[c] = bit(r, c);
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
  hasMissing_ |= validateSparse(offsets, indices, values);
  started_ = true;
  format_ = RowsFormat::sparse;
  const std::uint64_t base = offsets_.back();
  for (std::size_t r = 0; r < rows; ++r) offsets_.push_back(base + offsets[r + 1]);
  indices_.insert(indices_.end(), indices.begin(), indices.end());
  if (values.empty())
    values_.insert(values_.end(), indices.size(), 1.0f);
  else
    std::transform(values.begin(), values.end(), std::back_inserter(values_), canonical);
  rows_ += rows;
}

bool Rows::validateSparse(std::span<const std::uint32_t> offsets, std::span<const std::uint32_t> indices,
                          std::span<const float> values) const {
  bool any = false;
  for (std::size_t r = 0; r + 1 < offsets.size(); ++r) {
    for (std::size_t i = offsets[r]; i < offsets[r + 1]; ++i) {
      if (indices[i] >= cols_ || (i > offsets[r] && indices[i] <= indices[i - 1]))
        throw parameterError("column indices must rise strictly and stay below " + std::to_string(cols_) + ", got " +
                             std::to_string(indices[i]) + " in row " + std::to_string(rows_ + r));
      check(values.empty() ? 1.0 : values[i], r, indices[i]);
    }
    const std::size_t first = offsets[r], n = offsets[r + 1] - first;
    any |= checkSparseUnits(indices.subspan(first, n), values.empty() ? values : values.subspan(first, n), r);
  }
  return any;
}

// The same as `check` of a row, but reads only its entries. Returns true if any value is missing.
bool Rows::checkSparseUnits(std::span<const std::uint32_t> indices, std::span<const float> values, std::size_t row) const {
  bool any = false;
  std::size_t next = 0;  // the first unit not checked yet
  for (std::size_t i = 0; i < indices.size();) {
    const std::size_t unit = indices[i] / domain_.group;
    if (unit > next && domain_.leastSum > 0) checkUnit(0, 0, next, row);
    std::size_t absent = 0;
    double sum = 0;
    for (; i < indices.size() && indices[i] / domain_.group == unit; ++i) {
      const double v = values.empty() ? 1.0 : values[i];
      if (std::isnan(v))
        ++absent;
      else
        sum += v;
    }
    any |= checkUnit(absent, sum, unit, row);
    next = unit + 1;
  }
  if (next < cols_ / domain_.group && domain_.leastSum > 0) checkUnit(0, 0, next, row);
  return any;
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
