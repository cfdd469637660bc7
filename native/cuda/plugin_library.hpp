// Loads plug-ins for CUDA devices; see abi.h.
#pragma once
#include <string>

#include "cuda/abi.h"

namespace boltzkit::cuda {

// The table of the library in this file, which stays loaded until the process ends. Throws a
// BackendError that names the file when it cannot be loaded or belongs to another version.
const BoltzkitCuda& loadPlugin(const std::string& path);

}  // namespace boltzkit::cuda
