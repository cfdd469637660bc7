// What kernels need to know of the threads that run them. The words of CUDA (threadIdx and so on) are
// nvcc's, or those of an emulation that tests include before this file:
// test/device/cuda_emulation.hpp.
#pragma once
#include <cstddef>
#include <cstdint>

#if !defined(__CUDACC__) && !defined(BOLTZKIT_EMULATES_CUDA)
#error "kernels are compiled by nvcc, or after an emulation of what CUDA has"
#endif

// BOLTZKIT_SHARED: shared memory of a thread block, where `name` has `count` elements.
// BOLTZKIT_CLAIM: what a kernel takes for granted; the emulation fails where it does not hold.
#if defined(__CUDACC__)
#define BOLTZKIT_SHARED(type, name, count) __shared__ type name[count]
#define BOLTZKIT_CLAIM(condition)
#endif

namespace boltzkit::cuda {

inline constexpr unsigned threadsPerBlock = 256, threadsOfWarps = 128;

// The pieces of work of one thread: for (std::size_t i : pieces(n)) ...
class Pieces {
 public:
  __device__ explicit Pieces(std::size_t n) : n_(n) {}
  struct Iterator {
    std::size_t i, step;
    __device__ std::size_t operator*() const { return i; }
    __device__ Iterator& operator++() {
      i += step;
      return *this;
    }
    __device__ bool operator!=(const Iterator& end) const { return i < end.i; }
  };
  __device__ Iterator begin() const { return {std::size_t{blockIdx.x} * blockDim.x + threadIdx.x, std::size_t{gridDim.x} * blockDim.x}; }
  __device__ Iterator end() const { return {n_, 0}; }

 private:
  std::size_t n_;
};

__device__ inline Pieces pieces(std::size_t n) { return Pieces(n); }

// Adds up one number of each thread of a block, in an order that depends on the number of threads
// alone. All threads call it; the first one gets the sum. blockDim.x is a power of 2.
__device__ inline double blockSum(double value) {
  BOLTZKIT_SHARED(double, sums, 1024);
  sums[threadIdx.x] = value;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) sums[threadIdx.x] = sums[threadIdx.x] + sums[threadIdx.x + half];
    __syncthreads();
  }
  const double sum = threadIdx.x == 0 ? static_cast<double>(sums[0]) : 0.0;
  __syncthreads();  // nobody may write the sums of a next call before this one was read
  return sum;
}

}  // namespace boltzkit::cuda
