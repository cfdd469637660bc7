// The CUDA backend, compiled for the host after what CUDA has by emulation.
#include "test/device/cuda_emulation.hpp"
// After the emulation.
#include "cuda/cuda_backend.cu"
#include "cuda/runtime.cu"
