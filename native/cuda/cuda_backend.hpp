// The backend on a CUDA device: tensors in single precision in its memory, draws and reductions as
// backend.hpp asks for. Fields and statistics are of full single precision for any `Accuracy`.
#pragma once
#include <memory>

#include "backend.hpp"
#include "cuda/abi.h"

namespace boltzkit::cuda {

// Throws a BackendError where the device cannot be used. All backends of one device share its stream:
// what one has asked for is done before what another asks for later.
std::unique_ptr<Backend> makeCudaBackend(const BoltzkitCuda& table, int device);

}  // namespace boltzkit::cuda
