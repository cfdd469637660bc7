#include "core/thread_team.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <system_error>
#include <utility>

#include "core/error.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace boltzkit {
namespace {

// Longer than the serial pieces between the loops of a training step, shorter than anything that a
// user or the event loop notices.
constexpr auto spinTime = std::chrono::microseconds(50);
constexpr int pausesPerClockRead = 16;
// Two threads of a team that share a core with another process wait for each other and are slower
// than one. So the caller checks, at most once in checkInterval, how long it was kept from
// computing. After repeated losses of leastLoss or more it backs off: it computes alone, for
// aloneFactor times as long as the last loss. This bounds the cost of such waits.
constexpr std::chrono::microseconds checkInterval{12000}, leastLoss{3000};
constexpr int aloneFactor = 30;
// A usual wait for the last tile of a loop takes as long as this many tiles.
constexpr int tilesWaitedFor = 4;
// A number that no tile has.
constexpr std::uint32_t closed = UINT32_MAX;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until `ready` is true (returns true) or the time is up (returns false).
template <class Ready>
bool spinUntil(Ready&& ready) {
  if (ready()) return true;
  const auto end = std::chrono::steady_clock::now() + spinTime;
  do {
    for (int i = 0; i < pausesPerClockRead; ++i) {
      pause();
      if (ready()) return true;
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// Processor time of this thread. Where the system does not tell, the time of the clock: no time
// then counts as lost.
std::chrono::nanoseconds threadTime() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec t;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0) return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
#endif
  return std::chrono::steady_clock::now().time_since_epoch();
}

std::uint64_t tagged(std::uint32_t loop, std::uint32_t tile) { return (static_cast<std::uint64_t>(loop) << 32) | tile; }

}  // namespace

ThreadTeam::ThreadTeam(unsigned threads, bool givesWay)
    : threads_(std::max(1u, threads)), givesWay_(givesWay), shares_(new Share[threads_]) {}

ThreadTeam::~ThreadTeam() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

// If the system refuses a thread, because of a limit on processes for example, the team goes on
// with those it has. They steal the shares of the missing workers.
void ThreadTeam::startWorkers() {
  workers_.reserve(threads_ - 1);
  try {
    for (unsigned t = 1; t < threads_; ++t) workers_.emplace_back([this, t] { work(t); });
  } catch (const std::system_error&) {
  }
}

void ThreadTeam::run(std::size_t tiles, Call call, void* context) {
  if (tiles >= UINT32_MAX) throw Error(ErrorCode::internal, "a parallel loop over too many tiles");
  if (threads_ == 1 || tiles < 2 || (givesWay_ && backsOff())) return runAlone(tiles, call, context);
  if (workers_.empty()) startWorkers();
  call_ = call;
  context_ = context;
  tiles_ = static_cast<std::uint32_t>(tiles);
  done_.store(0, std::memory_order_relaxed);
  failed_.store(false, std::memory_order_relaxed);
  const std::uint32_t loop = loop_.load(std::memory_order_relaxed) + 1;
  for (unsigned t = 0; t < threads_; ++t) {
    Share& share = shares_[t];
    // Closes the share before its end moves. Otherwise a late worker with the last loop's number
    // would take tiles up to the new end, and they would run and count twice.
    share.next.store(tagged(loop, closed), std::memory_order_relaxed);
    share.end.store(static_cast<std::uint32_t>(tiles * (t + 1) / threads_), std::memory_order_release);
    share.next.store(tagged(loop, static_cast<std::uint32_t>(tiles * t / threads_)), std::memory_order_release);
  }
  // Sequentially consistent, like sleepers_: either the caller sees the sleeper, or the sleeper
  // sees the loop.
  loop_.store(loop);
  if (sleepers_.load() > 0) {
    std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  const Clock::time_point begin = Clock::now();
  const std::uint32_t own = takePart(loop, 0);
  awaitTiles(tilesWaitedFor * (Clock::now() - begin) / std::max(own, 1u));
  if (failed_.load(std::memory_order_relaxed)) std::rethrow_exception(std::exchange(failure_, nullptr));
}

// True if the caller computes alone for now.
bool ThreadTeam::backsOff() {
  const Clock::time_point now = Clock::now();
  if (now < aloneUntil_) return true;
  if (now - checkedAt_ < checkInterval) return false;
  const std::chrono::nanoseconds used = threadTime();
  const auto lost = (now - checkedAt_) - (used - usedBefore_) - waited_;
  const bool comparable = checkedAt_ > aloneUntil_;
  checkedAt_ = now;
  usedBefore_ = used;
  waited_ = {};
  if (!comparable) return false;
  // One loss may be chance: the caller backs off after two intervals with losses in a row.
  // After it has computed alone, the first such interval is enough.
  const bool suspected = std::exchange(suspected_, lost >= leastLoss);
  if (!suspected || !suspected_) return false;
  aloneUntil_ = now + aloneFactor * lost;
  return true;
}

void ThreadTeam::runAlone(std::size_t tiles, Call call, void* context) {
  for (std::size_t tile = 0; tile < tiles; ++tile) call(context, tile, 0);
}

void ThreadTeam::work(unsigned thread) {
  std::uint32_t seen = 0;
  while (awaitLoop(seen)) {
    seen = loop_.load();
    takePart(seen, thread);
  }
}

// False if the team must stop.
bool ThreadTeam::awaitLoop(std::uint32_t seen) {
  auto ready = [&] { return loop_.load() != seen || stop_.load(std::memory_order_relaxed); };
  if (!spinUntil(ready)) {
    std::unique_lock lock(mutex_);
    ++sleepers_;
    wake_.wait(lock, ready);
    --sleepers_;
  }
  return !stop_.load(std::memory_order_relaxed);
}

std::uint32_t ThreadTeam::takePart(std::uint32_t loop, unsigned thread) {
  std::uint32_t finished = 0;
  for (unsigned i = 0; i < threads_; ++i) finished += takeFrom(shares_[(thread + i) % threads_], loop, thread);
  if (finished > 0) finish(finished);
  return finished;
}

std::uint32_t ThreadTeam::takeFrom(Share& share, std::uint32_t loop, unsigned thread) {
  std::uint32_t finished = 0;
  std::uint64_t next = share.next.load(std::memory_order_acquire);
  while (next >> 32 == loop && static_cast<std::uint32_t>(next) < share.end.load(std::memory_order_acquire)) {
    if (!share.next.compare_exchange_weak(next, next + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    runTile(static_cast<std::uint32_t>(next), thread);
    ++finished;
    next = share.next.load(std::memory_order_acquire);
  }
  return finished;
}

void ThreadTeam::runTile(std::size_t tile, unsigned thread) {
  if (failed_.load(std::memory_order_relaxed)) return;
  try {
    call_(context_, tile, thread);
  } catch (...) {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    failed_.store(true, std::memory_order_relaxed);
  }
}

void ThreadTeam::finish(std::uint32_t tiles) {
  // The caller may begin another loop once the last tiles are counted, so tiles_ is read first.
  const std::uint32_t all = tiles_;
  if (done_.fetch_add(tiles) + tiles != all || !callerSleeps_.load()) return;
  std::lock_guard lock(mutex_);
  complete_.notify_one();
}

void ThreadTeam::awaitTiles(Clock::duration usual) {
  auto ready = [&] { return done_.load() == tiles_; };
  if (spinUntil(ready)) return;
  const Clock::time_point begin = Clock::now();
  std::unique_lock lock(mutex_);
  callerSleeps_.store(true);
  complete_.wait(lock, ready);
  callerSleeps_.store(false);
  waited_ += std::min(Clock::now() - begin, usual);
}

}  // namespace boltzkit
