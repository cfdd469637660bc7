// All kernels by their number in cuda/calls.hpp, and how they are started.
#pragma once
#include <array>
#include <cstdint>
#include <utility>

#include "cuda/abi.h"
#include "cuda/calls.hpp"
#include "cuda/plugin/failure.cuh"
#include "cuda/plugin/kernels/elementwise.cuh"
#include "cuda/plugin/kernels/optimise.cuh"
#include "cuda/plugin/kernels/products.cuh"
#include "cuda/plugin/kernels/tensor_products.cuh"
#include "cuda/plugin/kernels/units.cuh"

namespace boltzkit::cuda {

// Threads that add up one row. Emulated ones are slow.
#if defined(__CUDACC__)
inline constexpr unsigned threadsPerRow = 64;
#else
inline constexpr unsigned threadsPerRow = 4;
#endif

#if defined(__CUDACC__)
template <class Call>
__global__ void kernel(Call call) {
  run(call);
}

template <class Call>
const void* function() {
  return reinterpret_cast<const void*>(kernel<Call>);
}
#else
template <class Call>
const void* function() {
  static const emulation::Kernel kernel{sizeof(Call), Call::threads != Threads::each,
                                        [](const void* call) { run(*static_cast<const Call*>(call)); }};
  return &kernel;
}
#endif

struct Kernel {
  Threads threads;
  std::size_t size;  // of its arguments, in bytes
  const void* function;
};

template <std::size_t... numbers>
std::array<Kernel, callCount> kernelsOf(std::index_sequence<numbers...>) {
  return {Kernel{std::tuple_element_t<numbers, Calls>::threads, sizeof(std::tuple_element_t<numbers, Calls>),
                 function<std::tuple_element_t<numbers, Calls>>()}...};
}

inline const Kernel& kernelOf(std::uint32_t number) {
  static const std::array<Kernel, callCount> kernels = kernelsOf(std::make_index_sequence<callCount>());
  return kernels.at(number);
}

struct Shape {
  unsigned blocks, threads;
};

inline Shape shapeOf(const BoltzkitCudaLaunch& launch) {
  constexpr std::uint64_t mostBlocks = std::uint64_t{1} << 20, mostRows = 0x7fffffff;
  const Threads threads = kernelOf(launch.number).threads;
  if (threads != Threads::each && launch.work > mostRows) throw Failure{BOLTZKIT_CUDA_FAILED, "too many rows for one kernel"};
  const std::uint64_t blocks = (launch.work + threadsPerBlock - 1) / threadsPerBlock;
  switch (threads) {
    case Threads::each:
      return {static_cast<unsigned>(blocks < mostBlocks ? blocks : mostBlocks), threadsPerBlock};
    case Threads::row:
      return {static_cast<unsigned>(launch.work), threadsPerRow};
    case Threads::tile:
      return {static_cast<unsigned>(launch.work), threadsPerBlock};
    case Threads::warps:
      return {static_cast<unsigned>(launch.work), threadsOfWarps};
    case Threads::block:
      return {1, threadsPerBlock};
    case Threads::alone:
      break;
  }
  return {1, 1};
}

inline void start(const BoltzkitCudaLaunch& launch, cudaStream_t stream) {
  const Shape shape = shapeOf(launch);
  void* arguments[] = {const_cast<void*>(launch.call)};
  require(cudaLaunchKernel(kernelOf(launch.number).function, dim3(shape.blocks), dim3(shape.threads), arguments, 0, stream),
          "a kernel could not start");
}

}  // namespace boltzkit::cuda
