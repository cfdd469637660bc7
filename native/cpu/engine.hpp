// What the operations of the CPU backend work with: the kernels of one instruction set, the thread
// team of the current job, and memory for intermediate results that is kept between calls.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/thread_team.hpp"
#include "cpu/kernels/kernels.hpp"
#include "cpu/tensor.hpp"

namespace boltzkit::cpu {

// Memory that only grows; its contents are undefined.
template <class T>
class Scratch {
 public:
  T* atLeast(std::size_t n) {
    const std::size_t floats = (n * sizeof(T) + sizeof(float) - 1) / sizeof(float);
    if (floats > buffer_.size()) buffer_ = LineBuffer(floats);
    return reinterpret_cast<T*>(buffer_.data());
  }
  std::size_t bytes() const { return buffer_.size() * sizeof(float); }
  void release() { buffer_ = LineBuffer(); }

 private:
  LineBuffer buffer_;
};

// What lists of neighbours were made from. The default means that there are no lists.
struct NeighbourKey {
  std::uint64_t graph = 0, weights = 0;
  float scale = 0;
  bool inOrder = false;
  bool operator==(const NeighbourKey&) const = default;
};

// Memory for the lists of a left factor, or for its transpose.
struct NonZeroBuffer {
  Scratch<std::uint32_t> offsets, bounds, columns;
  Scratch<float> values, left;
  Scratch<std::uint8_t> used;
};

// Lists of some rows of a left factor that a thread makes for itself.
struct alignas(128) ThreadNonZeros {
  NonZeroBuffer buffer;
  NonZeros lists{};
  std::uint64_t product = 0;  // the number of their product
  std::size_t firstRow = 0;
};

struct Workspace {
  NonZeroBuffer nonZeros[mostTerms];  // for products that run at the same time
  std::vector<ThreadNonZeros> threadNonZeros;
  std::uint64_t products = 0;          // numbered so far
  Scratch<float> perThread, rounding;  // a part for each thread
  Scratch<double> columns;             // column sums
  // Layers coupled to themselves: see cpu/neighbour_lists.hpp.
  Scratch<std::size_t> neighbourStarts, slotStarts;
  Scratch<Neighbour> neighbours;
  Scratch<std::uint32_t> slotPlaces;
  Scratch<float> slotWeights;
  NeighbourKey listed, slotted;
  Scratch<float> tiles;

  void trim();
};

class Engine {
 public:
  Engine(const Kernels& kernels, unsigned threads) : kernels_(kernels), threads_(threads) {}

  const Kernels& kernels() const { return kernels_; }
  Workspace& workspace() { return workspace_; }

  // Runs a job with a thread team; a job within a job shares the outer one's team. Only one job may
  // run at a time, since all operations share team and workspace. Throws Error{internal} if another
  // thread's job is running.
  template <class Job>
  void withTeam(Job&& job) {
    if (ownedByCaller()) return job();
    TeamGuard guard(*this);
    job();
  }

  // The number of threads that the calling thread may use now.
  unsigned threads() const { return teamOfCaller() ? threads_ : 1; }

  // Calls body(tile, thread) for all tiles. `work` estimates the whole loop in elementary steps of
  // about a quarter of a nanosecond. A loop that would end before a second thread could join stays
  // on the calling thread.
  template <class Body>
  void parallelFor(std::size_t tiles, double work, Body&& body) {
    ThreadTeam* team = work < worthSharing ? nullptr : teamOfCaller();
    if (team) return team->parallelFor(tiles, body);
    for (std::size_t tile = 0; tile < tiles; ++tile) body(tile, 0u);
  }

  // Cuts `rows` rows into tiles and calls body(first, last) for each.
  template <class Body>
  void parallelRows(std::size_t rows, double work, Body&& body) {
    const std::size_t tiles = std::min<std::size_t>(rows, work < worthSharing ? 1 : 4 * threads());
    parallelFor(tiles, work, [&](std::size_t tile, unsigned) { body(rows * tile / tiles, rows * (tile + 1) / tiles); });
  }

 private:
  static constexpr double worthSharing = 40000;

  struct TeamGuard {
    explicit TeamGuard(Engine& e) : team(e.threads_), engine(e) {
      std::thread::id nobody;
      if (!engine.owner_.compare_exchange_strong(nobody, std::this_thread::get_id()))
        throw Error(ErrorCode::internal, "the CPU backend runs one job at a time");
      engine.team_ = &team;
    }
    ~TeamGuard() {
      engine.team_ = nullptr;
      engine.workspace_.trim();
      engine.owner_ = std::thread::id();
    }
    ThreadTeam team;
    Engine& engine;
  };

  bool ownedByCaller() const { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  ThreadTeam* teamOfCaller() const { return ownedByCaller() ? team_ : nullptr; }

  const Kernels& kernels_;
  const unsigned threads_;
  ThreadTeam* team_ = nullptr;
  std::atomic<std::thread::id> owner_{};  // the thread whose job runs
  Workspace workspace_;
};

}  // namespace boltzkit::cpu
