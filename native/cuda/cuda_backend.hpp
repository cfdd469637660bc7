// The backend on a CUDA device: tensors in single precision in its memory, draws and reductions as
// backend.hpp asks for. Fields and statistics are of full single precision for any `Accuracy`.
#pragma once
#include <memory>

#include "backend.hpp"

namespace boltzkit::cuda {

// Throws an Error of code `backend` where the device cannot be used.
std::unique_ptr<Backend> makeCudaBackend(int device);

}  // namespace boltzkit::cuda
