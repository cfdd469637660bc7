// All calls of the CUDA runtime: a device, its memory, copies and one stream.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "cuda/launch.hpp"

namespace boltzkit::cuda {

// What the runtime calls an error becomes one of ours, of code `backend`.
void require(cudaError_t result, const char* what);

class Runtime {
 public:
  // Throws on a device that does not exist, and where there is no driver.
  explicit Runtime(int device);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Has the calling thread work with this device.
  void enter() const;

  // Memory of the device, filled with zeros. The error on running out of it names what was asked
  // for and what is free.
  void* allocate(std::size_t bytes);
  void release(void* memory) noexcept;

  // These wait until the host's memory was read or written.
  void copyIn(const void* from, std::size_t bytes, void* to);
  void copyOut(const void* from, std::size_t bytes, void* to);
  void zero(void* to, std::size_t bytes);
  void wait();

  // Starts a kernel after all that was asked before: one thread for each of n pieces of work, none
  // of which waits for another.
  template <class... Parameters, class... Arguments>
  void each(std::size_t n, void (*kernel)(Parameters...), Arguments&&... arguments) {
    if (n > 0) launch(threadsFor(n), false, kernel, std::forward<Arguments>(arguments)...);
  }
  // The same with so many blocks of threads, which wait for each other.
  template <class... Parameters, class... Arguments>
  void blocks(Shape shape, void (*kernel)(Parameters...), Arguments&&... arguments) {
    if (shape.blocks > 0) launch(shape, true, kernel, std::forward<Arguments>(arguments)...);
  }

 private:
  template <class... Parameters, class... Arguments>
  void launch(Shape shape, [[maybe_unused]] bool waits, void (*kernel)(Parameters...), Arguments&&... arguments) {
#if defined(__CUDACC__)
    kernel<<<shape.blocks, shape.threads, 0, stream_>>>(static_cast<Parameters>(std::forward<Arguments>(arguments))...);
#else
    emulation::launch(shape.blocks, shape.threads, waits, [&] { kernel(static_cast<Parameters>(arguments)...); });
#endif
    require(cudaGetLastError(), "a kernel could not start");
  }

  int device_;
  cudaStream_t stream_ = nullptr;
};

// An array in the memory of a device.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(Runtime& runtime, std::size_t size)
      : memory_(static_cast<T*>(runtime.allocate(size * sizeof(T))), Release{&runtime}), size_(size) {}
  DeviceArray(Runtime& runtime, std::span<const T> values) : DeviceArray(runtime, values.size()) {
    runtime.copyIn(values.data(), values.size_bytes(), data());
  }
  DeviceArray(Runtime& runtime, const T* values, std::size_t size) : DeviceArray(runtime, std::span(values, size)) {}

  T* data() const { return memory_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Release {
    Runtime* runtime;
    void operator()(T* memory) const noexcept { runtime->release(memory); }
  };
  std::unique_ptr<T, Release> memory_{nullptr, Release{nullptr}};
  std::size_t size_ = 0;
};

}  // namespace boltzkit::cuda
