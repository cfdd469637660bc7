#include "ratings/rated_entries.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

namespace boltzkit::ratings {
namespace {

template <class T>
void release(std::vector<T>& vector) {
  std::vector<T>().swap(vector);
}

// offsets[r + 1] - offsets[r] = how many of `rowOf` are r.
std::vector<std::uint64_t> countRows(std::span<const std::uint32_t> rowOf, std::size_t rows) {
  std::vector<std::uint64_t> offsets(rows + 1, 0);
  for (const std::uint32_t row : rowOf) ++offsets[row + 1];
  std::partial_sum(offsets.begin(), offsets.end(), offsets.begin());
  return offsets;
}

}  // namespace

EntryRows::Row EntryRows::row(std::size_t r) const {
  const std::size_t first = offsets_[r], count = size(r);
  return {{columns_.data() + first, count},
          codes_.empty() ? nullptr : codes_.data() + first,
          floats_.empty() ? nullptr : floats_.data() + first,
          table_};
}

std::size_t EntryRows::bytes() const {
  return offsets_.capacity() * sizeof(std::uint64_t) + columns_.capacity() * sizeof(std::uint32_t) + codes_.capacity() +
         floats_.capacity() * sizeof(float);
}

std::size_t RatedEntries::bytes() const {
  return byUser_.bytes() + byItem_.bytes() + (userOf_.capacity() + itemOf_.capacity() + valueOf_.capacity()) * 4;
}

void RatedEntries::append(std::span<const std::uint32_t> users, std::span<const std::uint32_t> items, std::span<const float> values) {
  if (finished_) throw Error(ErrorCode::internal, "entries were appended after they were finished");
  if (items.size() != users.size() || (!values.empty() && values.size() != users.size()))
    throw shapeError("`item` and `value` must be as long as `user` (" + std::to_string(users.size()) + "), got " +
                     std::to_string(items.size()) + " and " + std::to_string(values.size()));
  const auto check = [](const char* name, std::span<const std::uint32_t> numbers, std::size_t count) {
    for (std::size_t k = 0; k < numbers.size(); ++k)
      if (numbers[k] >= count)
        throw parameterError("`" + std::string(name) + "` must be below " + std::to_string(count) + ", got " + std::to_string(numbers[k]) +
                             " in entry " + std::to_string(k));
  };
  check("user", users, users_);
  check("item", items, items_);
  for (std::size_t k = 0; k < values.size(); ++k)
    if (!std::isfinite(values[k]))
      throw parameterError("`value` must be finite, got " + decimal(values[k]) + " in entry " + std::to_string(k));
  userOf_.insert(userOf_.end(), users.begin(), users.end());
  itemOf_.insert(itemOf_.end(), items.begin(), items.end());
  if (values.empty())
    valueOf_.insert(valueOf_.end(), users.size(), 1.0f);
  else
    valueOf_.insert(valueOf_.end(), values.begin(), values.end());
}

void RatedEntries::finish() {
  if (finished_) return;
  sortByUser();
  dropDuplicates();
  transpose();
  encode();
  finished_ = true;
}

// Counting sort, which keeps the order of appending within a user; then each user's entries by item.
void RatedEntries::sortByUser() {
  byUser_.offsets_ = countRows(userOf_, users_);
  std::vector<std::uint64_t> next(byUser_.offsets_.begin(), byUser_.offsets_.end() - 1);
  byUser_.columns_.resize(userOf_.size());
  byUser_.floats_.resize(userOf_.size());
  for (std::size_t k = 0; k < userOf_.size(); ++k) {
    const std::uint64_t place = next[userOf_[k]]++;
    byUser_.columns_[place] = itemOf_[k];
    byUser_.floats_[place] = valueOf_[k];
  }
  release(userOf_);
  release(itemOf_);
  release(valueOf_);
  std::vector<std::pair<std::uint32_t, float>> row;
  for (std::size_t u = 0; u < users_; ++u) {
    const std::size_t first = byUser_.begin(u), count = byUser_.size(u);
    std::uint32_t* columns = byUser_.columns_.data() + first;
    float* values = byUser_.floats_.data() + first;
    if (std::is_sorted(columns, columns + count)) continue;
    row.resize(count);
    for (std::size_t k = 0; k < count; ++k) row[k] = {columns[k], values[k]};
    std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t k = 0; k < count; ++k) std::tie(columns[k], values[k]) = row[k];
  }
}

void RatedEntries::dropDuplicates() {
  std::size_t kept = 0;
  for (std::size_t u = 0; u < users_; ++u) {
    const std::size_t first = byUser_.begin(u), end = byUser_.offsets_[u + 1];
    byUser_.offsets_[u] = kept;
    for (std::size_t k = first; k < end; ++k) {
      if (k + 1 < end && byUser_.columns_[k + 1] == byUser_.columns_[k]) continue;
      byUser_.columns_[kept] = byUser_.columns_[k];
      byUser_.floats_[kept++] = byUser_.floats_[k];
    }
  }
  duplicates_ = byUser_.columns_.size() - kept;
  byUser_.offsets_[users_] = kept;
  byUser_.columns_.resize(kept);
  byUser_.floats_.resize(kept);
}

// Users come in rising order, so the columns of an item's row rise.
void RatedEntries::transpose() {
  byItem_.offsets_ = countRows(byUser_.columns_, items_);
  std::vector<std::uint64_t> next(byItem_.offsets_.begin(), byItem_.offsets_.end() - 1);
  byItem_.columns_.resize(byUser_.columns_.size());
  byItem_.floats_.resize(byUser_.columns_.size());
  for (std::size_t u = 0; u < users_; ++u)
    for (std::size_t k = byUser_.begin(u); k < byUser_.offsets_[u + 1]; ++k) {
      const std::uint64_t place = next[byUser_.columns_[k]]++;
      byItem_.columns_[place] = static_cast<std::uint32_t>(u);
      byItem_.floats_[place] = byUser_.floats_[k];
    }
}

// Bytes in place of floats where there are few distinct values.
void RatedEntries::encode() {
  std::vector<float> distinct;
  for (const float value : byUser_.floats_) {
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), value);
    if (place != distinct.end() && *place == value) continue;
    if (distinct.size() == 256) return;
    distinct.insert(place, value);
  }
  std::copy(distinct.begin(), distinct.end(), table_);
  tableSize_ = distinct.size();
  for (EntryRows* side : {&byUser_, &byItem_}) {
    side->codes_.resize(side->floats_.size());
    for (std::size_t k = 0; k < side->floats_.size(); ++k)
      side->codes_[k] = static_cast<std::uint8_t>(std::lower_bound(distinct.begin(), distinct.end(), side->floats_[k]) - distinct.begin());
    side->table_ = table_;
    release(side->floats_);
  }
}

}  // namespace boltzkit::ratings
