// A CUDA device, through the table of a plug-in: its memory, copies, kernels, one after the other.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "cuda/abi.h"
#include "cuda/calls.hpp"

namespace boltzkit::cuda {

// Throws an error of reason abi_mismatch unless the table is the one that this code was built for.
// `origin` names it in messages.
void requireSameInterface(const BoltzkitCuda& table, const std::string& origin);

struct DeviceInfo {
  std::string name, arch;  // arch: 'sm_90'
  std::uint64_t memory, free;
};

// All devices; throws where there is none.
std::vector<DeviceInfo> devicesOf(const BoltzkitCuda& table);

class Device {
 public:
  // Throws on a device that does not exist, and where none can be used.
  Device(const BoltzkitCuda& table, int number);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // Memory of the device, filled with zeros. The error on running out of it names what was asked
  // for and what is free.
  void* allocate(std::size_t bytes);
  void release(void* memory) noexcept;
  std::uint64_t freeMemory();

  // These return when the host's memory was read or written.
  void copyIn(const void* from, std::size_t bytes, void* to);
  void copyOut(const void* from, std::size_t bytes, void* to);

  // Starts a kernel after all that was asked before. `work`: pieces of it, rows or tiles, as the call
  // says.
  template <class Call>
  void launch(std::size_t work, const Call& call) {
    if (work > 0) launch(numberOf<Call>(), work, &call, sizeof call);
  }

  // Starts the kernels of `work` with one call, which costs less where the same ones come again. They
  // start when `work` ends, or before whatever else the calling thread asks of the device.
  void together(const std::function<void()>& work);

 private:
  friend class Stage;
  class Gathered;
  void launch(std::uint32_t number, std::size_t work, const void* call, std::size_t bytes);
  // Starts what the calling thread has gathered so far.
  void startGathered();
  [[noreturn]] void outOfMemory(std::size_t bytes);

  const BoltzkitCuda& table_;
  int number_;
  void* context_ = nullptr;
};

// An array in the memory of a device.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(Device& device, std::size_t size)
      : memory_(static_cast<T*>(device.allocate(size * sizeof(T))), Release{&device}), size_(size) {}
  DeviceArray(Device& device, std::span<const T> values) : DeviceArray(device, values.size()) {
    device.copyIn(values.data(), values.size_bytes(), data());
  }
  DeviceArray(Device& device, const T* values, std::size_t size) : DeviceArray(device, std::span(values, size)) {}

  T* data() const { return memory_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Release {
    Device* device;
    void operator()(T* memory) const noexcept { device->release(memory); }
  };
  std::unique_ptr<T, Release> memory_{nullptr, Release{nullptr}};
  std::size_t size_ = 0;
};

// Numbers that go over again and again, into memory that is kept. Those that are there stay.
template <class T>
class Sent {
 public:
  // Where the device finds them until the next call. What was asked for before has read the last ones
  // by then.
  const T* send(Device& device, std::span<const T> values) {
    if (std::equal(values.begin(), values.end(), last_.begin(), last_.end())) return memory_.data();
    last_.clear();  // until the new ones are there
    if (memory_.size() < values.size()) memory_ = {device, values.size()};
    device.copyIn(values.data(), values.size_bytes(), memory_.data());
    last_.assign(values.begin(), values.end());
    return memory_.data();
  }

 private:
  DeviceArray<T> memory_;
  std::vector<T> last_;
};

// Memory of the host that the device copies from by itself, beside its other work; see abi.h.
class Stage {
 public:
  Stage(Device& device, std::size_t bytes);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // The host's memory, which the device has read by then.
  std::byte* fill();
  // Where the device finds the bytes from now on.
  std::byte* send(std::size_t bytes);

 private:
  Device& device_;
  void *stage_ = nullptr, *host_ = nullptr, *memory_ = nullptr;
};

}  // namespace boltzkit::cuda
