#include "cuda/plugin_library.hpp"

#include "cuda/device.hpp"

#if defined(__linux__)
#include <dlfcn.h>
#include <elf.h>

#include <fstream>
#endif

namespace boltzkit::cuda {

#if defined(__linux__)
namespace {

BackendError refusal(const std::string& path, const std::string& why) {
  return {BackendReason::packageMissing, "CUDA: the plug-in " + path + " cannot be loaded: " + why};
}

// The system's loader would end the process on a file that lacks its end, where the list of sections
// is.
void requireWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto bytes = static_cast<std::uint64_t>(file.tellg());
  Elf64_Ehdr header{};
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) throw refusal(path, "the file is too short or cannot be read");
  if (std::string(reinterpret_cast<const char*>(header.e_ident), SELFMAG) != ELFMAG) throw refusal(path, "it is no shared library");
  if (header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize > bytes) throw refusal(path, "the end of the file is missing");
}

}  // namespace

const BoltzkitCuda& loadPlugin(const std::string& path) {
  requireWhole(path);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw refusal(path, dlerror());
  const auto entry = reinterpret_cast<BoltzkitCudaEntry>(dlsym(library, BOLTZKIT_CUDA_ENTRY));
  const BoltzkitCuda* table = entry ? entry() : nullptr;
  if (!table)
    throw BackendError(BackendReason::abiMismatch,
                       "CUDA: " + path + " has no function " BOLTZKIT_CUDA_ENTRY ": it is no plug-in of boltzkit");
  requireSameInterface(*table, path);
  return *table;
}
#else
const BoltzkitCuda& loadPlugin(const std::string&) {
  throw BackendError(BackendReason::packageMissing, "CUDA: there are plug-ins for Linux only");
}
#endif

}  // namespace boltzkit::cuda
