#include "binding/devices.hpp"

#include "binding/threads.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/device.hpp"
#include "cuda/plugin_library.hpp"

namespace boltzkit::binding {
namespace {

constexpr std::uint64_t mostDevices = 1 << 16;

}  // namespace

std::unique_ptr<Backend> backendOf(const Argument& spec) {
  enum class Kind { cpu, reference, cuda };
  const Kind kind = spec.field("device").choice<Kind>({{"cpu", Kind::cpu}, {"reference", Kind::reference}, {"cuda", Kind::cuda}});
  const auto threads = static_cast<unsigned>(spec.field("threads").count(0, mostThreads));
  if (kind == Kind::cpu) return makeCpuBackend(threads);
  if (kind == Kind::reference) return makeReferenceBackend();
  const auto ordinal = static_cast<int>(spec.field("ordinal").count(0, mostDevices));
  return cuda::makeCudaBackend(cuda::loadPlugin(spec.field("plugin").text()), ordinal);
}

Napi::Value cudaDevices(const Napi::CallbackInfo& info) {
  const std::vector<cuda::DeviceInfo> devices = cuda::devicesOf(cuda::loadPlugin(Argument(info, 0, "plugin").text()));
  Napi::Array list = Napi::Array::New(info.Env(), devices.size());
  for (std::uint32_t i = 0; i < devices.size(); ++i) {
    Napi::Object device = Napi::Object::New(info.Env());
    device.Set("name", devices[i].name);
    device.Set("arch", devices[i].arch);
    device.Set("memory", Napi::Number::New(info.Env(), static_cast<double>(devices[i].memory)));
    device.Set("free", Napi::Number::New(info.Env(), static_cast<double>(devices[i].free)));
    list.Set(i, device);
  }
  return list;
}

}  // namespace boltzkit::binding
