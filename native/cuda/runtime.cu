#include "cuda/runtime.hpp"

#include <string>

namespace boltzkit::cuda {
namespace {

std::string mebibytes(std::size_t bytes) { return std::to_string((bytes + (std::size_t{1} << 20) - 1) >> 20) + " MiB"; }

}  // namespace

void require(cudaError_t result, const char* what) {
  if (result == cudaSuccess) return;
  throw Error(ErrorCode::backend, std::string("CUDA: ") + what + ": " + cudaGetErrorString(result));
}

Runtime::Runtime(int device) : device_(device) {
  int count = 0;
  require(cudaGetDeviceCount(&count), "no device can be used");
  if (device < 0 || device >= count)
    throw Error(ErrorCode::backend, "CUDA: device " + std::to_string(device) + " does not exist: there are " + std::to_string(count));
  enter();
  require(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream could not be made");
}

Runtime::~Runtime() {
  cudaSetDevice(device_);
  cudaStreamDestroy(stream_);
}

void Runtime::enter() const { require(cudaSetDevice(device_), "the device could not be used"); }

void* Runtime::allocate(std::size_t bytes) {
  void* memory = nullptr;
  const std::size_t size = bytes == 0 ? 1 : bytes;
  const cudaError_t result = cudaMalloc(&memory, size);
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // it is told here, and no later call's
    std::size_t free = 0, all = 0;
    require(cudaMemGetInfo(&free, &all), "memory could not be asked for");
    throw Error(ErrorCode::backend,
                "CUDA: the device has no room: needs " + mebibytes(size) + ", " + mebibytes(free) + " of " + mebibytes(all) + " are free");
  }
  require(result, "memory could not be made");
  try {
    zero(memory, size);
  } catch (...) {
    release(memory);
    throw;
  }
  return memory;
}

void Runtime::release(void* memory) noexcept {
  // Work on this memory may still be under way.
  cudaStreamSynchronize(stream_);
  cudaFree(memory);
}

void Runtime::copyIn(const void* from, std::size_t bytes, void* to) {
  require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "a copy to the device failed");
  wait();
}

void Runtime::copyOut(const void* from, std::size_t bytes, void* to) {
  require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_), "a copy from the device failed");
  wait();
}

void Runtime::zero(void* to, std::size_t bytes) { require(cudaMemsetAsync(to, 0, bytes, stream_), "memory could not be cleared"); }

void Runtime::wait() { require(cudaStreamSynchronize(stream_), "work on the device failed"); }

}  // namespace boltzkit::cuda
