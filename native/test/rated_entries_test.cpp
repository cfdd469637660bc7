// Rated entries against a map of pairs: both orders, duplicates, codes and floats, refusals.
#include <doctest/doctest.h>

#include <map>
#include <utility>
#include <vector>

#include "fixtures.hpp"
#include "ratings/rated_entries.hpp"

namespace boltzkit::test {
namespace {

using ratings::EntryRows;
using ratings::RatedEntries;
using Pairs = std::map<std::pair<std::uint32_t, std::uint32_t>, float>;

struct Triplets {
  std::vector<std::uint32_t> users, items;
  std::vector<float> values;
};

Triplets drawn(std::size_t n, std::size_t users, std::size_t items, bool few, std::uint64_t seed) {
  Dice dice(seed);
  Triplets t;
  for (std::size_t k = 0; k < n; ++k) {
    t.users.push_back(static_cast<std::uint32_t>(dice.next() % users));
    t.items.push_back(static_cast<std::uint32_t>(dice.next() % items));
    t.values.push_back(few ? static_cast<float>(1 + dice.next() % 5) : static_cast<float>(dice.next() % 100000) / 7);
  }
  return t;
}

Pairs pairsOf(const EntryRows& side, bool swapped) {
  Pairs pairs;
  for (std::uint32_t r = 0; r < side.rows(); ++r) {
    const EntryRows::Row row = side.row(r);
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (k > 0) CHECK(row.columns[k - 1] < row.columns[k]);
      pairs[swapped ? std::pair{row.columns[k], r} : std::pair{r, row.columns[k]}] = row.value(k);
    }
  }
  return pairs;
}

TEST_CASE("rated entries hold the last value of every pair, by user and by item") {
  for (const bool few : {true, false}) {
    const Triplets t = drawn(5000, 70, 90, few, few ? 1 : 2);
    RatedEntries entries(70, 95);
    const std::size_t half = 2500;
    const std::span users(t.users), items(t.items);
    const std::span values(t.values);
    entries.append(users.first(half), items.first(half), values.first(half));
    entries.append(users.subspan(half), items.subspan(half), values.subspan(half));
    entries.finish();
    Pairs expected;
    for (std::size_t k = 0; k < t.users.size(); ++k) expected[{t.users[k], t.items[k]}] = t.values[k];
    CHECK(entries.entries() == expected.size());
    CHECK(entries.duplicates() == 5000 - expected.size());
    CHECK(entries.values().size() == (few ? 5 : 0));
    CHECK(pairsOf(entries.byUser(), false) == expected);
    CHECK(pairsOf(entries.byItem(), true) == expected);
    CHECK(entries.byItem().size(94) == 0);
  }
}

TEST_CASE("rated entries refuse what does not fit, and store none of it") {
  RatedEntries entries(3, 2);
  const std::vector<std::uint32_t> users{0, 2}, items{1, 2}, good{1, 0};
  const std::vector<float> endless{1, std::numeric_limits<float>::infinity()}, one{1};
  CHECK_THROWS_WITH_AS(entries.append(users, items, {}), "`item` must be below 2, got 2 in entry 1", Error);
  CHECK_THROWS_AS(entries.append(users, good, endless), Error);
  CHECK_THROWS_AS(entries.append(users, good, one), Error);
  entries.append(users, good, {});
  entries.finish();
  CHECK(entries.entries() == 2);
  CHECK(entries.byUser().row(2).value(0) == 1);
}

TEST_CASE("no entries are entries too") {
  RatedEntries entries(2, 2);
  entries.finish();
  CHECK(entries.entries() == 0);
  CHECK(entries.byUser().row(1).size() == 0);
}

}  // namespace
}  // namespace boltzkit::test
