// On a GPU: that the suite runs on it, and what it is.
#include "cuda/device.hpp"
#include "fixtures.hpp"

namespace boltzkit::test {

TEST_CASE("the suite runs on the GPU that the environment names a plug-in for") {
  const char* plugin = testedPlugin();
  if (!plugin) return;
  const std::vector<cuda::DeviceInfo> devices = cuda::devicesOf(cuda::loadPlugin(plugin));
  MESSAGE("every backend's tests run on ", devices.front().name, ", ", devices.front().arch);
  const Candidate tested = candidates().back();
  CHECK(tested.name == "cuda");
  CHECK(tested.make(1)->name() == std::string("cuda"));
}

}  // namespace boltzkit::test
