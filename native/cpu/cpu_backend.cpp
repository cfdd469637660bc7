#include "cpu/cpu_backend.hpp"

#include <algorithm>

#include "cpu/info.hpp"
#include "cpu/isa.hpp"

namespace boltzkit {
namespace {

// No machine has more processors; more threads would only cost memory.
constexpr unsigned mostThreads = 512;

}  // namespace

std::unique_ptr<Backend> makeCpuBackend(unsigned threads) {
  const CpuInfo info = cpuInfo();
  return std::make_unique<cpu::CpuBackend>(cpu::kernelsNamed(info.isa), std::min(threads == 0 ? info.threads : threads, mostThreads));
}

}  // namespace boltzkit
