#include "cuda/device.hpp"

#include <utility>
#include <vector>

namespace boltzkit::cuda {
namespace {

// What the plug-in says of a failure.
struct Why {
  char text[BOLTZKIT_CUDA_WHY] = "";
};

BackendReason reasonOf(int status) {
  switch (status) {
    case BOLTZKIT_CUDA_NO_MEMORY:
      return BackendReason::outOfMemory;
    case BOLTZKIT_CUDA_DRIVER_MISSING:
      return BackendReason::driverMissing;
    case BOLTZKIT_CUDA_DRIVER_TOO_OLD:
      return BackendReason::driverTooOld;
    case BOLTZKIT_CUDA_NO_DEVICE:
      return BackendReason::noDevice;
    case BOLTZKIT_CUDA_ARCH_UNSUPPORTED:
      return BackendReason::archUnsupported;
    default:
      return BackendReason::deviceFailed;
  }
}

// Calls a function of a table; the text is its last argument.
template <class Function, class... Arguments>
void call(Function function, Arguments... arguments) {
  Why why;
  const int status = function(arguments..., why.text);
  if (status != BOLTZKIT_CUDA_OK) throw BackendError(reasonOf(status), std::string("CUDA: ") + why.text);
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string((bytes + (std::uint64_t{1} << 20) - 1) >> 20) + " MiB"; }

int countOf(const BoltzkitCuda& table) {
  std::int32_t count = 0;
  call(table.devices, &count);
  return count;
}

DeviceInfo infoOf(const BoltzkitCuda& table, int number) {
  BoltzkitCudaDevice device{};
  call(table.describe, number, &device);
  return {device.name, "sm_" + std::to_string(device.major) + std::to_string(device.minor), device.memory, device.free};
}

}  // namespace

void requireSameInterface(const BoltzkitCuda& table, const std::string& origin) {
  if (table.abi == BOLTZKIT_CUDA_ABI && table.calls == callCount && table.layout == layout) return;
  throw BackendError(BackendReason::abiMismatch, "CUDA: " + origin + " belongs to another version of boltzkit (its interface is " +
                                                     std::to_string(table.abi) + ", this one's " + std::to_string(BOLTZKIT_CUDA_ABI) +
                                                     (table.abi == BOLTZKIT_CUDA_ABI ? ", with other calls" : "") +
                                                     "); install both of the same version");
}

std::vector<DeviceInfo> devicesOf(const BoltzkitCuda& table) {
  std::vector<DeviceInfo> all;
  const int count = countOf(table);
  for (int number = 0; number < count; ++number) all.push_back(infoOf(table, number));
  return all;
}

Device::Device(const BoltzkitCuda& table, int number) : table_(table), number_(number) {
  const int count = countOf(table_);
  if (number < 0 || number >= count)
    throw BackendError(BackendReason::noDevice,
                       "CUDA: device " + std::to_string(number) + " does not exist: there " +
                           (count == 1 ? "is 1, number 0" : "are " + std::to_string(count) + ", from number 0 on"));
  call(table_.open, number, &context_);
}

Device::~Device() { table_.close(context_); }

// --- kernels that start together -------------------------------------------------------------------

// What the calling thread gathers for one device.
class Device::Gathered {
 public:
  explicit Gathered(Device& device) : device_(device) { current() = this; }
  ~Gathered() { current() = nullptr; }
  Gathered(const Gathered&) = delete;
  Gathered& operator=(const Gathered&) = delete;

  static Gathered* of(const Device& device) {
    Gathered* const gathered = current();
    return gathered && &gathered->device_ == &device ? gathered : nullptr;
  }
  static bool any() { return current() != nullptr; }

  void add(std::uint32_t number, std::size_t work, const void* call, std::size_t bytes) {
    if (launches_.size() == most) start();
    const auto* from = static_cast<const std::byte*>(call);
    calls_.emplace_back(from, from + bytes);
    launches_.push_back({number, work, calls_.back().data()});
  }
  void start() {
    const std::vector<BoltzkitCudaLaunch> launches = std::exchange(launches_, {});
    const std::vector<std::vector<std::byte>> calls = std::exchange(calls_, {});
    if (!launches.empty()) call(device_.table_.launch, device_.context_, launches.data(), std::uint64_t{launches.size()});
  }

 private:
  // An update of thousands of sweeps starts in parts.
  static constexpr std::size_t most = 512;
  static Gathered*& current() {
    static thread_local Gathered* gathered = nullptr;
    return gathered;
  }

  Device& device_;
  std::vector<BoltzkitCudaLaunch> launches_;
  std::vector<std::vector<std::byte>> calls_;
};

void Device::together(const std::function<void()>& work) {
  if (Gathered::any()) return work();
  Gathered gathered(*this);
  try {
    work();
  } catch (...) {
    // What was asked for before the error happens all the same.
    try {
      gathered.start();
    } catch (...) {  // the first error is told
    }
    throw;
  }
  gathered.start();
}

void Device::startGathered() {
  if (Gathered* const gathered = Gathered::of(*this)) gathered->start();
}

void Device::launch(std::uint32_t number, std::size_t work, const void* arguments, std::size_t bytes) {
  if (Gathered* const gathered = Gathered::of(*this)) return gathered->add(number, work, arguments, bytes);
  const BoltzkitCudaLaunch launch{number, work, arguments};
  call(table_.launch, context_, &launch, std::uint64_t{1});
}

// --- memory ----------------------------------------------------------------------------------------

std::uint64_t Device::freeMemory() { return infoOf(table_, number_).free; }

void Device::outOfMemory(std::size_t bytes) {
  const DeviceInfo info = infoOf(table_, number_);
  throw BackendError(BackendReason::outOfMemory, "CUDA: the device has no room: needs " + mebibytes(bytes) + ", " + mebibytes(info.free) +
                                                     " of " + mebibytes(info.memory) + " are free");
}

void* Device::allocate(std::size_t bytes) {
  startGathered();
  const std::size_t size = bytes == 0 ? 1 : bytes;
  void* memory = nullptr;
  try {
    call(table_.allocate, context_, size, &memory);
  } catch (const BackendError& error) {
    if (error.reason() == BackendReason::outOfMemory) outOfMemory(size);
    throw;
  }
  try {
    call(table_.zero, context_, memory, size);
  } catch (...) {
    release(memory);
    throw;
  }
  return memory;
}

void Device::release(void* memory) noexcept {
  try {
    startGathered();
  } catch (...) {  // whoever asks next is told
  }
  table_.release(context_, memory);
}

void Device::copyIn(const void* from, std::size_t bytes, void* to) {
  startGathered();
  if (bytes > 0) call(table_.copyIn, context_, from, bytes, to);
}

void Device::copyOut(const void* from, std::size_t bytes, void* to) {
  startGathered();
  if (bytes > 0) call(table_.copyOut, context_, from, bytes, to);
}

Stage::Stage(Device& device, std::size_t bytes) : device_(device) {
  try {
    call(device.table_.openStage, device.context_, bytes, &stage_, &host_, &memory_);
  } catch (const BackendError& error) {
    if (error.reason() == BackendReason::outOfMemory) device.outOfMemory(bytes);
    throw;
  }
}

Stage::~Stage() { device_.table_.closeStage(stage_); }

std::byte* Stage::fill() {
  call(device_.table_.fill, stage_);
  return static_cast<std::byte*>(host_);
}

std::byte* Stage::send(std::size_t bytes) {
  device_.startGathered();  // it may use the bytes of the last time
  call(device_.table_.send, stage_, bytes);
  return static_cast<std::byte*>(memory_);
}

}  // namespace boltzkit::cuda
