// The plug-in for CUDA devices, compiled for the host after what CUDA has by emulation.
#include "test/device/cuda_emulation.hpp"
// After the emulation.
#include "cuda/plugin/plugin.cu"
