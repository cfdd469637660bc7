// What CUDA sources need, for the host's compiler: the words of the language, thread blocks as
// fibers, shared memory that knows who wrote it, and the few calls of the runtime.
//
// The threads of a block run one after the other, each up to the next barrier, in an order that is
// shuffled anew after every barrier. A kernel that depends on an order that CUDA does not promise
// gives other numbers from one order to the next, and tests compare them. Errors name the line:
// threads at different barriers, threads that ended while others wait, shared memory that was read
// and that no thread of this block wrote, an index outside of it.
#pragma once
#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define BOLTZKIT_EMULATES_CUDA 1
#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)
#define __syncthreads() boltzkit::cuda::emulation::barrier(__FILE__, __LINE__)
#define BOLTZKIT_SHARED(type, name, count) \
  static thread_local boltzkit::cuda::emulation::Shared<type, count> name { __FILE__, __LINE__ }
#define BOLTZKIT_CLAIM(condition) \
  if (!(condition)) throw boltzkit::cuda::emulation::error("not so: " #condition, __FILE__, __LINE__)

namespace boltzkit::cuda::emulation {

struct Index {
  unsigned x = 0, y = 0, z = 0;
};

}  // namespace boltzkit::cuda::emulation

// What a kernel that is run knows of itself.
inline thread_local boltzkit::cuda::emulation::Index threadIdx, blockIdx, blockDim, gridDim;

namespace boltzkit::cuda::emulation {

// What tests may set.
struct State {
  std::uint64_t blocksRun = 0;  // names a block among all that ran
  std::uint64_t seed = 1;       // of the order of threads
  bool fiber = false;           // a thread runs
  // Fails the call of the runtime that comes after so many others; negative: none.
  long failAfter = -1;
};
inline thread_local State state;
inline std::atomic<std::size_t> allocated = 0;  // pieces of memory that live

inline std::logic_error error(const std::string& what, const char* file, int line) {
  return std::logic_error(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

// A thread of a block: a stack of its own, kept from block to block. It works until it waits at a
// barrier or has ended, and goes on where it was. Jumps, unlike swapcontext, ask nothing of the
// system; but address sanitizer knows contexts only.
class Fiber {
 public:
  Fiber() : stack_(std::make_unique_for_overwrite<char[]>(stackBytes)) {
    getcontext(&begin_);
    begin_.uc_stack.ss_sp = stack_.get();
    begin_.uc_stack.ss_size = stackBytes;
    begin_.uc_link = nullptr;
    makecontext(&begin_, &Fiber::entry, 0);
  }

  // Works up to the next `leave`; `work` begins anew where it has ended.
  void resume(const std::function<void()>& work) {
    work_ = &work;
    running() = this;
#if defined(__SANITIZE_ADDRESS__)
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_.get(), stackBytes);
    swapcontext(&caller_, &begin_);
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
    if (_setjmp(caller_) != 0) return;
    if (started_) _longjmp(self_, 1);
    started_ = true;
    setcontext(&begin_);
#endif
  }

  void leave() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&fake_, callerStack_, callerBytes_);
    swapcontext(&begin_, &caller_);
    entered();
#else
    if (_setjmp(self_) == 0) _longjmp(caller_, 1);
#endif
  }

 private:
  static constexpr std::size_t stackBytes = std::size_t{1} << 16;
  static Fiber*& running() {
    static thread_local Fiber* fiber = nullptr;
    return fiber;
  }

  static void entry() {
    Fiber& self = *running();
    self.entered();
    for (;;) {
      (*self.work_)();
      self.leave();
    }
  }

  std::unique_ptr<char[]> stack_;
  ucontext_t begin_{};
  const std::function<void()>* work_ = nullptr;
#if defined(__SANITIZE_ADDRESS__)
  void entered() { __sanitizer_finish_switch_fiber(fake_, &callerStack_, &callerBytes_); }
  ucontext_t caller_{};
  void* fake_ = nullptr;
  const void* callerStack_ = nullptr;
  std::size_t callerBytes_ = 0;
#else
  void entered() {}
  jmp_buf self_{}, caller_{};
  bool started_ = false;
#endif
};

// The threads of one block.
class Block {
 public:
  Block(unsigned threads, const std::function<void()>& kernel) : threads_(threads), kernel_(kernel) {
    while (fibers().size() < threads) fibers().push_back(std::make_unique<Fiber>());
  }

  void run() {
    current() = this;
    std::vector<unsigned> order(threads_.size());
    std::iota(order.begin(), order.end(), 0u);
    while (!order.empty()) {
      shuffle(order);
      for (const unsigned t : order) resume(t);
      check(order);
      if (error_) break;
      std::erase_if(order, [&](unsigned t) { return threads_[t].ended; });
    }
    if (!error_) return;
    // Those that wait end, so that what they hold is released.
    for (unsigned t = 0; t < threads_.size(); ++t)
      if (!threads_[t].ended) resume(t);
    std::rethrow_exception(error_);
  }

  static void wait(const char* file, int line) {
    Block& block = *current();
    const unsigned t = block.running_;
    block.threads_[t] = {false, file, line};
    fibers()[t]->leave();
    threadIdx.x = t;
    if (block.error_) throw Abandoned{};
  }

 private:
  struct Abandoned {};  // ends the threads of a block in which one has failed
  struct Thread {
    bool ended = true;
    const char* file = "";
    int line = 0;
  };
  static Block*& current() {
    static thread_local Block* block = nullptr;
    return block;
  }
  static std::vector<std::unique_ptr<Fiber>>& fibers() {
    static thread_local std::vector<std::unique_ptr<Fiber>> all;
    return all;
  }

  void resume(unsigned t) {
    running_ = t;
    threadIdx.x = t;
    state.fiber = true;
    threads_[t].ended = true;  // unless it comes to a barrier
    fibers()[t]->resume(work_);
    state.fiber = false;
  }

  void work() {
    try {
      kernel_();
    } catch (const Abandoned&) {
    } catch (...) {
      if (!error_) error_ = std::current_exception();
    }
    threads_[running_].ended = true;
  }

  // After all threads went on: they wait at one barrier, or all have ended.
  void check(const std::vector<unsigned>& order) {
    if (error_) return;
    const Thread& first = threads_[order.front()];
    for (const unsigned t : order) {
      const Thread &thread = threads_[t], &waits = thread.ended ? first : thread;
      if (thread.ended != first.ended) return note("some threads of the block wait here, and others have ended", waits);
      if (!thread.ended && (thread.line != first.line || std::strcmp(thread.file, first.file) != 0))
        return note("some threads of the block wait here, and others at line " + std::to_string(first.line), thread);
    }
  }
  void note(const std::string& what, const Thread& thread) { error_ = std::make_exception_ptr(error(what, thread.file, thread.line)); }

  static void shuffle(std::vector<unsigned>& order) {
    std::uint64_t& seed = state.seed;
    for (std::size_t i = order.size(); i > 1; --i) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      std::swap(order[i - 1], order[(seed >> 33) % i]);
    }
  }

  std::vector<Thread> threads_;
  const std::function<void()>& kernel_;
  const std::function<void()> work_ = [this] { work(); };
  unsigned running_ = 0;
  std::exception_ptr error_;
};

inline void barrier(const char* file, int line) {
  if (!state.fiber) throw error("a barrier in a kernel whose threads do not wait for each other", file, line);
  Block::wait(file, line);
}

// What all threads of the caller's warp give here, by their place in it. All threads of the block come
// here together, which is more than CUDA asks for. What is returned is there until the next call.
template <class T>
const T* ofWarp(const T& own, const char* file, int line) {
  static thread_local std::vector<T> all(1024);
  all[threadIdx.x] = own;
  barrier(file, line);
  return &all[threadIdx.x / 32 * 32];
}

// What mma.sync.m16n8k16 adds to the four results of the calling thread, by the layout of the PTX ISA:
// word w of thread t of a left fragment has row t / 4 + 8 (w % 2) and terms 2 (t % 4) + 8 (w / 2) and
// the next; of a right one column t / 4 and terms 2 (t % 4) + 8 w and the next; result i has row
// t / 4 + 8 (i / 2) and column 2 (t % 4) + i % 2.
template <class Left, class Right>
void multiplyAdd(Left&& left, Right&& right, float (&sums)[4]) {
  const auto number = [](std::uint32_t word, unsigned k) {
    const std::uint32_t bits = (k % 2 == 0 ? word : word >> 16) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  };
  const unsigned lane = threadIdx.x % 32;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned row = lane / 4 + 8 * (i / 2), col = 2 * (lane % 4) + i % 2;
    for (unsigned k = 0; k < 16; ++k) {
      const unsigned across = k % 8 / 2;  // t % 4 of the thread that holds term k
      sums[i] += number(left(row % 8 * 4 + across, row / 8 + 2 * (k / 8)), k) * number(right(col * 4 + across, k / 8), k);
    }
  }
}

// `waits` says if threads wait for each other; those that do not need no fibers.
inline void launch(unsigned blocks, unsigned threads, bool waits, const std::function<void()>& kernel) {
  if (blocks == 0 || threads == 0 || threads > 1024)
    throw std::logic_error("a kernel of " + std::to_string(blocks) + " blocks of " + std::to_string(threads) + " threads");
  blockDim = {threads, 1, 1};
  gridDim = {blocks, 1, 1};
  for (unsigned b = 0; b < blocks; ++b) {
    blockIdx = {b, 0, 0};
    ++state.blocksRun;
    if (waits) {
      Block(threads, kernel).run();
      continue;
    }
    const auto first = static_cast<unsigned>(state.seed++ % threads);
    for (unsigned t = 0; t < threads; ++t) {
      threadIdx.x = (first + t) % threads;
      kernel();
    }
  }
}

// Shared memory of a block. Every element knows which block wrote it last.
template <class T, std::size_t count>
class Shared {
 public:
  Shared(const char* file, int line) : file_(file), line_(line), values_(count), writers_(count, 0) {}

  class Place {
   public:
    Place(Shared& all, std::size_t i) : all_(all), i_(i) {}
    operator T() const {
      if (all_.writers_[i_] != state.blocksRun)
        throw error("element " + std::to_string(i_) + " was read and not written", all_.file_, all_.line_);
      return all_.values_[i_];
    }
    Place& operator=(const T& value) {
      all_.values_[i_] = value;
      all_.writers_[i_] = state.blocksRun;
      return *this;
    }
    Place& operator=(const Place& other) { return *this = static_cast<T>(other); }

   private:
    Shared& all_;
    std::size_t i_;
  };

  Place operator[](std::size_t i) {
    if (i >= count) throw error("element " + std::to_string(i) + " of " + std::to_string(count), file_, line_);
    return Place(*this, i);
  }

 private:
  const char* file_;
  int line_;
  std::vector<T> values_;
  std::vector<std::uint64_t> writers_;
};

}  // namespace boltzkit::cuda::emulation

#define CUDART_VERSION 13000

// --- the runtime -----------------------------------------------------------------------------------

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorLaunchFailure = 719
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
inline constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2;

namespace boltzkit::cuda::emulation {

// Work that was asked for and waits: nothing is done before somebody waits for it, the latest time that
// CUDA allows. So whoever reads too early, or writes to what is still to be read, gets other numbers.
class Stream {
 public:
  void ask(std::function<void()> work) {
    waiting_.push_back(std::move(work));
    ++asked_;
  }
  std::size_t asked() const { return asked_; }
  // A failure is kept for the next one who asks.
  void doUpTo(std::size_t number) noexcept {
    while (done_ < number) {
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      ++done_;
      try {
        work();
      } catch (...) {
        if (!failure_) failure_ = std::current_exception();
      }
    }
  }
  void doAll() noexcept { doUpTo(asked_); }
  void throwFailure() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  std::deque<std::function<void()>> waiting_;
  std::size_t asked_ = 0, done_ = 0;
  std::exception_ptr failure_;
};

// What a stream had been asked for when the event was recorded.
struct Event {
  Stream* stream = nullptr;
  std::size_t number = 0;
};

// What tests may have the device be like.
struct Driver {
  cudaError_t devices = cudaSuccess, kernels = cudaSuccess;  // what asking for them gives
  int version = 13000, count = 2;
  std::size_t free = std::size_t{1} << 28, memory = std::size_t{1} << 30;
};
inline Driver driver;
// Calls until the device is lost for good; negative: it stays.
inline std::atomic<long> lost = -1;

inline std::recursive_mutex& guard() {
  static std::recursive_mutex mutex;
  return mutex;
}
inline std::vector<Stream*>& streams() {
  static std::vector<Stream*> all;
  return all;
}

// Memory of the host that a device may read by itself.
inline std::vector<std::pair<void*, std::size_t>>& pinned() {
  static std::vector<std::pair<void*, std::size_t>> all;
  return all;
}
inline bool isPinned(const void* memory) {
  const auto* place = static_cast<const char*>(memory);
  return std::any_of(pinned().begin(), pinned().end(), [&](const auto& range) {
    const auto* first = static_cast<const char*>(range.first);
    return place >= first && place < first + range.second;
  });
}

inline cudaError_t call(cudaError_t failure = cudaErrorLaunchFailure) {
  if (lost == 0) return cudaErrorLaunchFailure;
  if (lost > 0) --lost;
  long& left = state.failAfter;
  if (left < 0) return cudaSuccess;
  return left-- == 0 ? failure : cudaSuccess;
}

// A call that may fail, and otherwise does this.
template <class Work>
cudaError_t call(Work&& work, cudaError_t failure = cudaErrorLaunchFailure) {
  const cudaError_t result = call(failure);
  if (result != cudaSuccess) return result;
  const std::lock_guard lock(guard());
  work();
  return cudaSuccess;
}

}  // namespace boltzkit::cuda::emulation

using cudaStream_t = boltzkit::cuda::emulation::Stream*;
using cudaEvent_t = boltzkit::cuda::emulation::Event*;
struct cudaDeviceProp {
  char name[256];
  int major, minor;
};

inline const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorNoKernelImageForDevice:
      return "no kernel image is available for execution on the device";
    default:
      return "launch failure";
  }
}
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline cudaError_t cudaDriverGetVersion(int* version) {
  *version = boltzkit::cuda::emulation::driver.version;
  return cudaSuccess;
}
inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = boltzkit::cuda::emulation::driver.count;
  return boltzkit::cuda::emulation::driver.devices != cudaSuccess ? boltzkit::cuda::emulation::driver.devices
                                                                  : boltzkit::cuda::emulation::call();
}
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int) {
  return boltzkit::cuda::emulation::call([&] {
    std::strcpy(out->name, "an emulated device");
    out->major = 0;
    out->minor = 0;
  });
}
inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  return boltzkit::cuda::emulation::call([&] {
    *stream = new boltzkit::cuda::emulation::Stream;
    boltzkit::cuda::emulation::streams().push_back(*stream);
  });
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(boltzkit::cuda::emulation::guard());
  stream->doAll();
  std::erase(boltzkit::cuda::emulation::streams(), stream);
  delete stream;
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return boltzkit::cuda::emulation::call([&] {
    stream->doAll();
    stream->throwFailure();
  });
}
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  return boltzkit::cuda::emulation::call([&] { *event = new boltzkit::cuda::emulation::Event; });
}
inline cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return boltzkit::cuda::emulation::call([&] { *event = {stream, stream->asked()}; });
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return boltzkit::cuda::emulation::call([&] {
    if (event->stream) event->stream->doUpTo(event->number);
  });
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return boltzkit::cuda::emulation::call([&] {
    const boltzkit::cuda::emulation::Event recorded = *event;
    stream->ask([recorded] {
      if (recorded.stream) recorded.stream->doUpTo(recorded.number);
    });
  });
}
inline cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return boltzkit::cuda::emulation::call(
      [&] {
        *memory = std::malloc(bytes);
        ++boltzkit::cuda::emulation::allocated;
      },
      cudaErrorMemoryAllocation);
}
inline cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  const cudaError_t result = cudaMalloc(memory, bytes);
  if (result == cudaSuccess) boltzkit::cuda::emulation::pinned().emplace_back(*memory, bytes);
  return result;
}
// Waits for all work of the device, as CUDA does.
inline cudaError_t cudaFree(void* memory) {
  const std::lock_guard lock(boltzkit::cuda::emulation::guard());
  for (boltzkit::cuda::emulation::Stream* stream : boltzkit::cuda::emulation::streams()) stream->doAll();
  std::free(memory);
  --boltzkit::cuda::emulation::allocated;
  return cudaSuccess;
}
inline cudaError_t cudaFreeHost(void* memory) {
  std::erase_if(boltzkit::cuda::emulation::pinned(), [&](const auto& range) { return range.first == memory; });
  return cudaFree(memory);
}
inline cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* memory) {
  *free = boltzkit::cuda::emulation::driver.free;
  *memory = boltzkit::cuda::emulation::driver.memory;
  return cudaSuccess;
}
// Copies of memory that is not pinned have read or written the host's side when the call returns.
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return boltzkit::cuda::emulation::call([&] {
    const bool in = kind == cudaMemcpyHostToDevice, pinned = boltzkit::cuda::emulation::isPinned(in ? from : to);
    if (!pinned && in) {
      const char* bytesOf = static_cast<const char*>(from);
      stream->ask(
          [to, copy = std::vector<char>(bytesOf, bytesOf + bytes)] { std::copy(copy.begin(), copy.end(), static_cast<char*>(to)); });
      return;
    }
    stream->ask([=] {
      if (bytes > 0) std::memcpy(to, from, bytes);
    });
    if (!pinned) stream->doAll();
  });
}
inline cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return boltzkit::cuda::emulation::call([&] { stream->ask([=] { std::memset(to, value, bytes); }); });
}

// --- kernels and graphs ----------------------------------------------------------------------------

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
struct cudaFuncAttributes {};
struct cudaKernelNodeParams {
  void* func = nullptr;
  dim3 gridDim, blockDim;
  unsigned sharedMemBytes = 0;
  void** kernelParams = nullptr;
  void** extra = nullptr;
};

namespace boltzkit::cuda::emulation {

// What stands for a kernel where CUDA has the address of a function.
struct Kernel {
  std::size_t size;  // of its one argument
  bool waits;        // its threads wait for each other
  void (*run)(const void* argument);
};

// A kernel with a copy of its argument.
struct Launch {
  explicit Launch(const cudaKernelNodeParams& p)
      : kernel(static_cast<const Kernel*>(p.func)),
        blocks(p.gridDim.x),
        threads(p.blockDim.x),
        argument(static_cast<const char*>(p.kernelParams[0]), static_cast<const char*>(p.kernelParams[0]) + kernel->size) {}
  void run() const {
    launch(blocks, threads, kernel->waits, [this] { kernel->run(argument.data()); });
  }

  const Kernel* kernel;
  unsigned blocks, threads;
  std::vector<char> argument;
};

struct Node {
  Launch launch;
  std::vector<std::size_t> after;  // numbers of the nodes that come before
};

// Runs nodes in an order that is drawn anew each time, of those that their edges allow.
inline void runNodes(const std::vector<Node>& nodes) {
  std::vector<bool> done(nodes.size());
  for (std::size_t left = nodes.size(); left > 0; --left) {
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (!done[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(), [&](std::size_t n) { return done[n]; })) free.push_back(i);
    state.seed = state.seed * 6364136223846793005u + 1442695040888963407u;
    const std::size_t next = free.at((state.seed >> 33) % free.size());
    nodes[next].launch.run();
    done[next] = true;
  }
}

struct Graph {
  std::vector<Node> nodes;
};
inline std::atomic<std::size_t> graphsLaunched = 0;

}  // namespace boltzkit::cuda::emulation

using cudaGraph_t = boltzkit::cuda::emulation::Graph*;
struct cudaGraphExec : boltzkit::cuda::emulation::Graph {};
using cudaGraphExec_t = cudaGraphExec*;
struct cudaGraphNode;  // the number of a node, from 1
using cudaGraphNode_t = cudaGraphNode*;

inline cudaError_t cudaFuncGetAttributes(cudaFuncAttributes*, const void*) { return boltzkit::cuda::emulation::driver.kernels; }
inline cudaError_t cudaLaunchKernel(const void* function, dim3 blocks, dim3 threads, void** arguments, std::size_t, cudaStream_t stream) {
  const cudaKernelNodeParams parameters{const_cast<void*>(function), blocks, threads, 0, arguments};
  return boltzkit::cuda::emulation::call([&] { stream->ask([launch = boltzkit::cuda::emulation::Launch(parameters)] { launch.run(); }); });
}
inline cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned) {
  return boltzkit::cuda::emulation::call([&] {
    *graph = new boltzkit::cuda::emulation::Graph;
    ++boltzkit::cuda::emulation::allocated;
  });
}
inline cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* after, std::size_t count,
                                          const cudaKernelNodeParams* parameters) {
  return boltzkit::cuda::emulation::call([&] {
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(reinterpret_cast<std::uintptr_t>(after[i]) - 1);
    graph->nodes.push_back({boltzkit::cuda::emulation::Launch(*parameters), numbers});
    *node = reinterpret_cast<cudaGraphNode_t>(graph->nodes.size());
  });
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* out, cudaGraph_t graph, unsigned long long) {
  return boltzkit::cuda::emulation::call([&] {
    *out = new cudaGraphExec{*graph};
    ++boltzkit::cuda::emulation::allocated;
  });
}
inline cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t graph, cudaGraphNode_t node, const cudaKernelNodeParams* parameters) {
  return boltzkit::cuda::emulation::call(
      [&] { graph->nodes.at(reinterpret_cast<std::uintptr_t>(node) - 1).launch = boltzkit::cuda::emulation::Launch(*parameters); });
}
// What is changed in the graph afterwards is for its next launch.
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  return boltzkit::cuda::emulation::call([&] {
    ++boltzkit::cuda::emulation::graphsLaunched;
    stream->ask([nodes = graph->nodes] { boltzkit::cuda::emulation::runNodes(nodes); });
  });
}
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete graph;
  --boltzkit::cuda::emulation::allocated;
  return cudaSuccess;
}
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  --boltzkit::cuda::emulation::allocated;
  return cudaSuccess;
}

// The order of threads decides which one of several gets there first, and must not decide what comes
// out.
inline int atomicMin(int* place, int value) {
  const int before = *place;
  *place = std::min(before, value);
  return before;
}
