// The thread team alone: every tile exactly once, exceptions, many short loops, sleeping and
// waking.
#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>

#include "core/thread_team.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {
namespace {

using boltzkit::ThreadTeam;

TEST_CASE("every tile runs exactly once") {
  for (const unsigned threads : {1u, 2u, 3u, 7u}) {
    ThreadTeam team(threads);
    for (const std::size_t tiles : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<std::atomic<int>> count(tiles);
      std::atomic<bool> known{true};
      team.parallelFor(tiles, [&](std::size_t tile, unsigned thread) {
        ++count[tile];
        if (thread >= threads) known = false;
      });
      CHECK(known);
      for (const auto& c : count) CHECK(c == 1);
    }
  }
}

TEST_CASE("thousands of loops one after the other, each seeing what the one before wrote") {
  ThreadTeam team(3);
  std::vector<std::size_t> values(37, 0);
  for (std::size_t loop = 0; loop < 3000; ++loop) {
    team.parallelFor(values.size(), [&](std::size_t tile, unsigned) { values[tile] += tile + loop; });
  }
  for (std::size_t tile = 0; tile < values.size(); ++tile) CHECK(values[tile] == 3000 * tile + 3000 * 2999 / 2);
}

// More threads than cores, so that threads are interrupted at arbitrary points. Loops of different
// lengths, so that a late worker finds another end.
TEST_CASE("a worker that is late for a loop takes no tile of the next") {
  ThreadTeam team(16);
  std::vector<std::atomic<int>> count(64);
  int wrong = 0;
  for (std::size_t loop = 0; loop < (sanitized ? 5000u : 200000u); ++loop) {
    const std::size_t tiles = 2 + loop * 37 % 61;
    team.parallelFor(tiles, [&](std::size_t tile, unsigned) { count[tile].fetch_add(1, std::memory_order_relaxed); });
    for (std::size_t tile = 0; tile < tiles; ++tile) wrong += count[tile].exchange(0, std::memory_order_relaxed) != 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the first exception reaches the caller and the team lives on") {
  for (const unsigned threads : {1u, 2u, 4u}) {
    ThreadTeam team(threads);
    for (int repeat = 0; repeat < 20; ++repeat) {
      CHECK_THROWS_AS(team.parallelFor(50,
                                       [](std::size_t tile, unsigned) {
                                         if (tile % 10 == 3) throw std::runtime_error("tile " + std::to_string(tile));
                                       }),
                      std::runtime_error);
      std::atomic<int> sum{0};
      team.parallelFor(10, [&](std::size_t tile, unsigned) { sum += static_cast<int>(tile); });
      CHECK(sum == 45);
    }
  }
}

TEST_CASE("workers that have gone to sleep wake up again, and so does a caller that waits long") {
  ThreadTeam team(2, false);
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    std::atomic<int> others{0}, arrived{0};
    team.parallelFor(2, [&](std::size_t, unsigned thread) {
      if (thread != 0) ++others;
      ++arrived;
      // Each waits for the other, so neither can take both tiles, however busy the machine is.
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (arrived < 2 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (thread != 0) std::this_thread::sleep_for(std::chrono::milliseconds(8));
    });
    CHECK(others == 1);
  }
}

// The caller loses its processor twice for 15 ms, as it would to another process. Afterwards it
// computes alone for a while.
TEST_CASE("a caller that was kept from its processor computes alone, then with its workers again") {
  ThreadTeam team(2);
  const auto workerTakesPart = [&] {
    std::atomic<int> others{0};
    team.parallelFor(2, [&](std::size_t, unsigned thread) {
      if (thread != 0) ++others;
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
      while (thread == 0 && others == 0 && std::chrono::steady_clock::now() < end) {
      }
    });
    return others > 0;
  };
  for (int i = 0; i < 2; ++i) {
    workerTakesPart();
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
  }
  CHECK(!workerTakesPart());
  // Alone for about 450 ms. A busy machine may delay the caller again and again, but not forever.
  bool again = false;
  while (!again) again = workerTakesPart();
  CHECK(again);
}

TEST_CASE("a team that never ran a loop ends at once") {
  ThreadTeam team(4);
  CHECK(team.threads() == 4);
}

}  // namespace
}  // namespace boltzkit::test
