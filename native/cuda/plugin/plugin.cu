// The plug-in: every call of the CUDA runtime, behind the table of abi.h. Tests compile it with
// test/device/cuda_emulation.hpp in place of the runtime.
#if defined(__CUDACC__)
#include <cuda_runtime.h>
#endif
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "cuda/abi.h"
#include "cuda/calls.hpp"
#include "cuda/plugin/kernels/elementwise.cuh"
#include "cuda/plugin/kernels/optimise.cuh"
#include "cuda/plugin/kernels/products.cuh"
#include "cuda/plugin/kernels/tensor_products.cuh"
#include "cuda/plugin/kernels/units.cuh"

namespace boltzkit::cuda {
namespace {

// Threads that add up one row. Emulated ones are slow.
#if defined(__CUDACC__)
constexpr unsigned threadsPerRow = 64;
#else
constexpr unsigned threadsPerRow = 4;
#endif

struct Shape {
  unsigned blocks, threads;
};

constexpr Shape shapeOf(Threads threads, std::uint64_t work) {
  constexpr std::uint64_t mostBlocks = std::uint64_t{1} << 20;
  const std::uint64_t blocks = (work + threadsPerBlock - 1) / threadsPerBlock;
  switch (threads) {
    case Threads::each:
      return {static_cast<unsigned>(blocks < mostBlocks ? blocks : mostBlocks), threadsPerBlock};
    case Threads::row:
      return {static_cast<unsigned>(work), threadsPerRow};
    case Threads::tile:
      return {static_cast<unsigned>(work), threadsPerBlock};
    case Threads::warps:
      return {static_cast<unsigned>(work), threadsOfWarps};
    case Threads::block:
      return {1, threadsPerBlock};
    case Threads::alone:
      break;
  }
  return {1, 1};
}

#if defined(__CUDACC__)
template <class Call>
__global__ void kernel(Call call) {
  run(call);
}

template <class Call>
cudaError_t start(Shape shape, cudaStream_t stream, const void* call) {
  kernel<Call><<<shape.blocks, shape.threads, 0, stream>>>(*static_cast<const Call*>(call));
  return cudaGetLastError();
}

cudaError_t loadable() {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, kernel<Fill>);
}
#else
template <class Call>
cudaError_t start(Shape shape, cudaStream_t stream, const void* arguments) {
  const Call call = *static_cast<const Call*>(arguments);
  return emulation::call(
      [&] { stream->ask([=] { emulation::launch(shape.blocks, shape.threads, Call::threads != Threads::each, [&] { run(call); }); }); });
}

cudaError_t loadable() { return emulation::driver.kernels; }
#endif

struct Kernel {
  Threads threads;
  cudaError_t (*start)(Shape, cudaStream_t, const void*);
};

template <std::size_t... numbers>
constexpr std::array<Kernel, callCount> kernelsOf(std::index_sequence<numbers...>) {
  return {Kernel{std::tuple_element_t<numbers, Calls>::threads, start<std::tuple_element_t<numbers, Calls>>}...};
}
constexpr std::array<Kernel, callCount> kernels = kernelsOf(std::make_index_sequence<callCount>());

// --- failures --------------------------------------------------------------------------------------

struct Failure {
  int status;
  std::string why;
};

// A version of CUDA as people write it.
std::string versionText(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

Failure driverFailure() {
  int version = 0;  // 0: there is no driver
  if (cudaDriverGetVersion(&version) != cudaSuccess || version == 0)
    return {BOLTZKIT_CUDA_DRIVER_MISSING, "no NVIDIA driver is installed here"};
  return {BOLTZKIT_CUDA_DRIVER_TOO_OLD,
          "the NVIDIA driver knows CUDA up to " + versionText(version) + ", and " + versionText(CUDART_VERSION) + " is needed: update it"};
}

Failure failureOf(cudaError_t error, const char* what) {
  const std::string why = std::string(what) + ": " + cudaGetErrorString(error);
  switch (error) {
    case cudaErrorMemoryAllocation:
      return {BOLTZKIT_CUDA_NO_MEMORY, why};
    case cudaErrorInsufficientDriver:
      return driverFailure();
    case cudaErrorNoDevice:
      return {BOLTZKIT_CUDA_NO_DEVICE, "the driver finds no GPU"};
    case cudaErrorNoKernelImageForDevice:
      return {BOLTZKIT_CUDA_ARCH_UNSUPPORTED, "the plug-in has no kernels for this GPU: those it has need compute capability 8.0 or newer"};
    default:
      return {BOLTZKIT_CUDA_FAILED, why};
  }
}

void require(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // it is told here, and no later call's
  throw failureOf(error, what);
}

// Does work, and puts what it throws into the words of the table.
template <class Work>
int guarded(char* why, Work&& work) noexcept {
  const auto say = [&](const char* text) { std::snprintf(why, BOLTZKIT_CUDA_WHY, "%s", text); };
  try {
    work();
    return BOLTZKIT_CUDA_OK;
  } catch (const Failure& failure) {
    say(failure.why.c_str());
    return failure.status;
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("something unknown");
  }
  return BOLTZKIT_CUDA_FAILED;
}

// --- contexts --------------------------------------------------------------------------------------

struct Context {
  int device;
  pid_t process = getpid();
  cudaStream_t stream = nullptr;

  // Has the calling thread work with this device.
  void enter() const {
    if (process != getpid()) throw Failure{BOLTZKIT_CUDA_FAILED, "the process forked after it began to use the device; spawn a new one"};
    require(cudaSetDevice(device), "the device could not be used");
  }
};

Context& entered(void* context) {
  Context& own = *static_cast<Context*>(context);
  own.enter();
  return own;
}

struct Stage {
  Context* context;
  void *host = nullptr, *memory = nullptr;
  cudaStream_t copies = nullptr;
  cudaEvent_t copied = nullptr;   // the bytes are in `memory`
  cudaEvent_t awaited = nullptr;  // the context's work came to the `send` after those that use them

  ~Stage() {
    if (context->process != getpid()) return;
    cudaSetDevice(context->device);
    if (copies) cudaStreamSynchronize(copies);
    cudaStreamSynchronize(context->stream);
    if (copied) cudaEventDestroy(copied);
    if (awaited) cudaEventDestroy(awaited);
    if (copies) cudaStreamDestroy(copies);
    if (memory) cudaFree(memory);
    if (host) cudaFreeHost(host);
  }
};

// --- the table -------------------------------------------------------------------------------------

int countDevices(std::int32_t* count, char* why) {
  return guarded(why, [&] {
    int found = 0;
    require(cudaGetDeviceCount(&found), "no device can be used");
    if (found == 0) throw Failure{BOLTZKIT_CUDA_NO_DEVICE, "the driver finds no GPU"};
    *count = found;
  });
}

int describe(std::int32_t device, BoltzkitCudaDevice* out, char* why) {
  return guarded(why, [&] {
    *out = {};
    require(cudaSetDevice(device), "the device could not be used");
    cudaDeviceProp properties{};
    require(cudaGetDeviceProperties(&properties, device), "the device could not be asked");
    std::snprintf(out->name, sizeof out->name, "%s", properties.name);
    out->major = properties.major;
    out->minor = properties.minor;
    std::size_t free = 0, memory = 0;
    require(cudaMemGetInfo(&free, &memory), "the device could not be asked for its memory");
    out->free = free;
    out->memory = memory;
    require(loadable(), "kernels could not be loaded");
  });
}

int open(std::int32_t device, void** context, char* why) {
  return guarded(why, [&] {
    auto own = std::make_unique<Context>(Context{device});
    own->enter();
    require(loadable(), "kernels could not be loaded");
    require(cudaStreamCreateWithFlags(&own->stream, cudaStreamNonBlocking), "a stream could not be made");
    *context = own.release();
  });
}

void close(void* context) {
  const std::unique_ptr<Context> own(static_cast<Context*>(context));
  if (own->process != getpid()) return;
  cudaSetDevice(own->device);
  cudaStreamDestroy(own->stream);
}

int allocate(void* context, std::uint64_t bytes, void** memory, char* why) {
  return guarded(why, [&] {
    entered(context);
    require(cudaMalloc(memory, bytes), "memory could not be made");
  });
}

void release(void* context, void* memory) {
  const Context& own = *static_cast<Context*>(context);
  if (own.process != getpid()) return;
  cudaSetDevice(own.device);
  cudaStreamSynchronize(own.stream);  // work on this memory may still be under way
  cudaFree(memory);
}

int zero(void* context, void* memory, std::uint64_t bytes, char* why) {
  return guarded(why, [&] { require(cudaMemsetAsync(memory, 0, bytes, entered(context).stream), "memory could not be cleared"); });
}

int copyIn(void* context, const void* from, std::uint64_t bytes, void* to, char* why) {
  return guarded(why, [&] {
    const Context& own = entered(context);
    // Of memory that is not pinned it returns when it has read the host's side, and waits for no work.
    require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, own.stream), "a copy to the device failed");
  });
}

int copyOut(void* context, const void* from, std::uint64_t bytes, void* to, char* why) {
  return guarded(why, [&] {
    const Context& own = entered(context);
    require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, own.stream), "a copy from the device failed");
    require(cudaStreamSynchronize(own.stream), "work on the device failed");
  });
}

int launch(void* context, std::uint32_t number, std::uint64_t work, const void* call, char* why) {
  return guarded(why, [&] {
    if (work == 0) return;
    const Kernel& kernel = kernels.at(number);
    if (kernel.threads != Threads::each && work > 0x7fffffffu) throw Failure{BOLTZKIT_CUDA_FAILED, "too many rows for one kernel"};
    require(kernel.start(shapeOf(kernel.threads, work), entered(context).stream, call), "a kernel could not start");
  });
}

int openStage(void* context, std::uint64_t bytes, void** stage, void** host, void** memory, char* why) {
  return guarded(why, [&] {
    auto own = std::make_unique<Stage>(Stage{&entered(context)});
    require(cudaMallocHost(&own->host, bytes), "memory that the device can read could not be made");
    require(cudaMalloc(&own->memory, bytes), "memory could not be made");
    require(cudaStreamCreateWithFlags(&own->copies, cudaStreamNonBlocking), "a stream could not be made");
    require(cudaEventCreateWithFlags(&own->copied, cudaEventDisableTiming), "an event could not be made");
    require(cudaEventCreateWithFlags(&own->awaited, cudaEventDisableTiming), "an event could not be made");
    *host = own->host;
    *memory = own->memory;
    *stage = own.release();
  });
}

int fill(void* stage, char* why) {
  return guarded(why, [&] {
    const Stage& own = *static_cast<Stage*>(stage);
    own.context->enter();
    require(cudaEventSynchronize(own.copied), "a copy to the device failed");
  });
}

int send(void* stage, std::uint64_t bytes, char* why) {
  return guarded(why, [&] {
    const Stage& own = *static_cast<Stage*>(stage);
    own.context->enter();
    // Whatever uses the bytes of the last time was asked for before this.
    require(cudaEventRecord(own.awaited, own.context->stream), "an event could not be recorded");
    require(cudaStreamWaitEvent(own.copies, own.awaited, 0), "an event could not be awaited");
    require(cudaMemcpyAsync(own.memory, own.host, bytes, cudaMemcpyHostToDevice, own.copies), "a copy to the device failed");
    require(cudaEventRecord(own.copied, own.copies), "an event could not be recorded");
    require(cudaStreamWaitEvent(own.context->stream, own.copied, 0), "an event could not be awaited");
  });
}

void closeStage(void* stage) { delete static_cast<Stage*>(stage); }

constexpr BoltzkitCuda table{BOLTZKIT_CUDA_ABI,
                             static_cast<std::uint32_t>(callCount),
                             layout,
                             countDevices,
                             describe,
                             open,
                             close,
                             allocate,
                             release,
                             zero,
                             copyIn,
                             copyOut,
                             launch,
                             openStage,
                             fill,
                             send,
                             closeStage};

}  // namespace
}  // namespace boltzkit::cuda

extern "C" __attribute__((visibility("default"))) const BoltzkitCuda* boltzkit_cuda() { return &boltzkit::cuda::table; }
