// The plug-in for CUDA devices, compiled for the host after what CUDA has by emulation. As a library it is
// told what its device is like by BOLTZKIT_EMULATED_CUDA: "version=11000 devices=35", names and numbers.
#include "test/device/cuda_emulation.hpp"
// After the emulation.
#include "cuda/plugin/plugin.cu"

#include <sstream>

namespace boltzkit::cuda::emulation {
namespace {

[[maybe_unused]] const bool told = [] {
  const char* like = std::getenv("BOLTZKIT_EMULATED_CUDA");
  std::istringstream words(like ? like : "");
  for (std::string word; words >> word;) {
    const std::size_t at = word.find('=');
    const std::string name = word.substr(0, at);
    const long number = std::stol(word.substr(at + 1));
    if (name == "version") driver.version = static_cast<int>(number);
    if (name == "count") driver.count = static_cast<int>(number);
    if (name == "devices") driver.devices = static_cast<cudaError_t>(number);
    if (name == "kernels") driver.kernels = static_cast<cudaError_t>(number);
    if (name == "free") driver.free = static_cast<std::size_t>(number);
    if (name == "lost") lost = number;
  }
  return true;
}();

}  // namespace
}  // namespace boltzkit::cuda::emulation
