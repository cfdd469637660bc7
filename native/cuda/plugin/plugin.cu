// The plug-in: every call of the CUDA runtime, behind the table of abi.h. Tests compile it with
// test/device/cuda_emulation.hpp in place of the runtime.
#if defined(__CUDACC__)
#include <cuda_runtime.h>
#endif
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "cuda/abi.h"
#include "cuda/plugin/failure.cuh"
#include "cuda/plugin/graphs.cuh"
#include "cuda/plugin/kernel_table.cuh"

namespace boltzkit::cuda {
namespace {

cudaError_t loadable() {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, function<Fill>());
}

// --- contexts --------------------------------------------------------------------------------------

struct Context {
  explicit Context(int number) : device(number) {}
  int device;
  pid_t process = getpid();
  cudaStream_t stream = nullptr;
  KernelGraphs graphs;

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
    auto own = std::make_unique<Context>(device);
    own->enter();
    require(loadable(), "kernels could not be loaded");
    require(cudaStreamCreateWithFlags(&own->stream, cudaStreamNonBlocking), "a stream could not be made");
    *context = own.release();
  });
}

void close(void* context) {
  std::unique_ptr<Context> own(static_cast<Context*>(context));
  if (own->process != getpid()) {
    own.release();  // its graphs belong to the process before
    return;
  }
  cudaSetDevice(own->device);
  cudaStreamSynchronize(own->stream);
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

int launch(void* context, const BoltzkitCudaLaunch* launches, std::uint64_t count, char* why) {
  return guarded(why, [&] {
    Context& own = entered(context);
    own.graphs.play({launches, count}, own.stream);
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
