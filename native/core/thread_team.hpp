// A team of threads for one job: the caller and threads - 1 workers, which share the tiles of one
// parallel loop after another. Workers start with the first loop; the destructor joins them.
// Between loops they spin for a few tens of microseconds, because a training step is a dozen loops
// in a row. Then they sleep, so an idle team costs nothing.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace boltzkit {

class ThreadTeam {
 public:
  // `givesWay`: whether the caller computes alone for a while after other processes have kept it
  // from its processor. The team cannot tell this from a caller that sleeps between loops.
  explicit ThreadTeam(unsigned threads, bool givesWay = true);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  unsigned threads() const { return threads_; }

  // Calls body(tile, thread) once for every tile below `tiles` and returns when all are done.
  // thread < threads() is the number of the thread that runs it. Neighbouring tiles go to the same
  // thread while all keep pace, so that its share of the data stays in its cache. Rethrows the
  // first exception of a body to the caller; tiles that had not begun are then left out. A body
  // must not call parallelFor.
  template <class Body>
  void parallelFor(std::size_t tiles, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    auto call = [](void* context, std::size_t tile, unsigned thread) { (*static_cast<Plain*>(context))(tile, thread); };
    run(tiles, call, const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Call = void (*)(void* context, std::size_t tile, unsigned thread);

  // The tiles that belong to one thread; the others steal from them. The upper half of `next` holds
  // the loop's number, so that a late thread cannot take a tile of the following loop by mistake.
  struct alignas(128) Share {
    std::atomic<std::uint64_t> next{0};
    std::atomic<std::uint32_t> end{0};
  };

  void run(std::size_t tiles, Call call, void* context);
  bool backsOff();
  void runAlone(std::size_t tiles, Call call, void* context);
  void startWorkers();
  void work(unsigned thread);
  bool awaitLoop(std::uint32_t seen);
  // Both return how many tiles they ran.
  std::uint32_t takePart(std::uint32_t loop, unsigned thread);
  std::uint32_t takeFrom(Share& share, std::uint32_t loop, unsigned thread);
  void runTile(std::size_t tile, unsigned thread);
  void finish(std::uint32_t tiles);
  // Waits until all tiles are done. Up to `usual` of the wait does not count as lost time.
  void awaitTiles(Clock::duration usual);

  const unsigned threads_;
  const bool givesWay_;
  std::vector<std::thread> workers_;
  std::unique_ptr<Share[]> shares_;

  // The caller writes these before it publishes a loop; whoever holds one of its tiles reads them.
  Call call_ = nullptr;
  void* context_ = nullptr;
  std::uint32_t tiles_ = 0;

  // The caller alone uses these. It computes without workers until aloneUntil_. At checkedAt_ it
  // last read its processor time, which was usedBefore_. Since then it has waited for tiles for
  // waited_.
  Clock::time_point aloneUntil_{}, checkedAt_{};
  std::chrono::nanoseconds usedBefore_{}, waited_{};
  bool suspected_ = false;  // it was kept from computing in the previous interval

  alignas(128) std::atomic<std::uint32_t> loop_{0};  // number of the current loop
  std::atomic<bool> stop_{false};
  std::atomic<std::uint32_t> sleepers_{0};
  alignas(128) std::atomic<std::uint32_t> done_{0};  // tiles of the current loop that are finished
  std::atomic<bool> callerSleeps_{false};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
  std::mutex mutex_;
  std::condition_variable wake_, complete_;
};

}  // namespace boltzkit
