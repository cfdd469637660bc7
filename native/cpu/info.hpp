// What this machine offers and what the CPU backend makes of it.
#pragma once
#include <string>
#include <vector>

namespace boltzkit {

struct CpuInfo {
  std::string model;                   // as the processor calls itself; empty when it does not say
  unsigned threads;                    // that the process may use: affinity and container limits
  std::string isa;                     // the kernels in use
  std::vector<std::string> available;  // all that would run here, best first
};

// Throws Error{backend} if the environment variable BOLTZKIT_ISA names kernels that cannot run
// here.
CpuInfo cpuInfo();

}  // namespace boltzkit
