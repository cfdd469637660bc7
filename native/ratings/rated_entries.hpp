// Rated entries: (user, item, value) triplets. Pairs without an entry are absent: neither zero nor
// summed out. Kept twice, row by row of the users and of the items, so that a sweep over either side
// reads its entries in order. A value takes one byte while there are at most 256 distinct ones.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/error.hpp"

namespace boltzkit::ratings {

// The entries of one side: row r (a user, or an item) has the entries offsets[r] ... offsets[r + 1] - 1.
// `columns` names the other side, rising within a row.
class EntryRows {
 public:
  struct Row {
    std::span<const std::uint32_t> columns;
    const std::uint8_t* codes;  // [columns.size()], or null where values are floats
    const float* floats;        // [columns.size()], or null where values are codes
    const float* table;         // [256]

    std::size_t size() const { return columns.size(); }
    float value(std::size_t k) const { return codes ? table[codes[k]] : floats[k]; }
  };

  std::size_t rows() const { return offsets_.size() - 1; }
  std::size_t entries() const { return columns_.size(); }
  std::size_t begin(std::size_t row) const { return offsets_[row]; }
  std::size_t size(std::size_t row) const { return offsets_[row + 1] - offsets_[row]; }
  Row row(std::size_t r) const;
  std::size_t bytes() const;

 private:
  friend class RatedEntries;
  std::vector<std::uint64_t> offsets_{0};
  std::vector<std::uint32_t> columns_;
  std::vector<std::uint8_t> codes_;
  std::vector<float> floats_;
  const float* table_ = nullptr;
};

class RatedEntries {
 public:
  RatedEntries(std::size_t users, std::size_t items) : users_(users), items_(items) {}
  RatedEntries(const RatedEntries&) = delete;
  RatedEntries& operator=(const RatedEntries&) = delete;

  // Appends triplets; without values all are 1. Checks all of them before it stores any.
  void append(std::span<const std::uint32_t> users, std::span<const std::uint32_t> items, std::span<const float> values);
  // Builds both orders and frees what they were built from. Of entries of the same pair the last one
  // appended stays.
  void finish();

  bool finished() const { return finished_; }
  std::size_t users() const { return users_; }
  std::size_t items() const { return items_; }
  std::size_t entries() const { return byUser_.entries(); }
  // How many entries a later one of the same pair replaced.
  std::size_t duplicates() const { return duplicates_; }
  std::size_t bytes() const;

  // Distinct values, rising; empty if there are more than 256.
  std::span<const float> values() const { return {table_, tableSize_}; }
  const EntryRows& byUser() const { return byUser_; }
  const EntryRows& byItem() const { return byItem_; }

 private:
  void sortByUser();
  void dropDuplicates();
  void transpose();
  void encode();

  std::size_t users_, items_, duplicates_ = 0, tableSize_ = 0;
  bool finished_ = false;
  float table_[256] = {};
  // As appended, until `finish`.
  std::vector<std::uint32_t> userOf_, itemOf_;
  std::vector<float> valueOf_;
  EntryRows byUser_, byItem_;
};

}  // namespace boltzkit::ratings
