// What goes wrong in the plug-in, and how the table of abi.h says it.
#pragma once
#include <cstdio>
#include <exception>
#include <string>

#include "cuda/abi.h"

namespace boltzkit::cuda {

struct Failure {
  int status;
  std::string why;
};

// A version of CUDA as people write it.
inline std::string versionText(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

inline Failure driverFailure() {
  int version = 0;  // 0: there is no driver
  if (cudaDriverGetVersion(&version) != cudaSuccess || version == 0)
    return {BOLTZKIT_CUDA_DRIVER_MISSING, "no NVIDIA driver is installed here"};
  return {BOLTZKIT_CUDA_DRIVER_TOO_OLD,
          "the NVIDIA driver knows CUDA up to " + versionText(version) + ", and " + versionText(CUDART_VERSION) + " is needed: update it"};
}

inline Failure failureOf(cudaError_t error, const char* what) {
  const std::string why = std::string(what) + ": " + cudaGetErrorString(error);
  switch (error) {
    case cudaErrorMemoryAllocation:
      return {BOLTZKIT_CUDA_NO_MEMORY, why};
    case cudaErrorInsufficientDriver:
      return driverFailure();
    case cudaErrorNoDevice:
      return {BOLTZKIT_CUDA_NO_DEVICE, "the driver finds no GPU"};
    case cudaErrorNoKernelImageForDevice:
      return {BOLTZKIT_CUDA_ARCH_UNSUPPORTED, "the plug-in has no kernels for this GPU: those it has need compute capability 8.0 or newer"};
    default:
      return {BOLTZKIT_CUDA_FAILED, why};
  }
}

inline void require(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // it is told here, and no later call's
  throw failureOf(error, what);
}

// Does work, and puts what it throws into the words of the table.
template <class Work>
int guarded(char* why, Work&& work) noexcept {
  const auto say = [&](const char* text) { std::snprintf(why, BOLTZKIT_CUDA_WHY, "%s", text); };
  try {
    work();
    return BOLTZKIT_CUDA_OK;
  } catch (const Failure& failure) {
    say(failure.why.c_str());
    return failure.status;
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("something unknown");
  }
  return BOLTZKIT_CUDA_FAILED;
}

}  // namespace boltzkit::cuda
