#include "cpu/cpu_backend.hpp"

#include "cpu/info.hpp"
#include "cpu/isa.hpp"

namespace boltzkit {

std::unique_ptr<Backend> makeCpuBackend(unsigned threads) {
  const CpuInfo info = cpuInfo();
  return std::make_unique<cpu::CpuBackend>(cpu::kernelsNamed(info.isa), threads == 0 ? info.threads : threads);
}

}  // namespace boltzkit
