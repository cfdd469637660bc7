#include "cpu/isa.hpp"

#include <cstdlib>

#include "core/error.hpp"

namespace boltzkit::cpu {

// __builtin_cpu_supports asks the operating system too: without its support the wide registers
// would not survive a context switch.
std::vector<const Kernels*> availableKernels() {
  std::vector<const Kernels*> kernels;
#if defined(BOLTZKIT_HAVE_AVX512)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    kernels.push_back(&kernelsAvx512);
#endif
#if defined(BOLTZKIT_HAVE_AVX2)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2"))
    kernels.push_back(&kernelsAvx2);
#endif
#if defined(BOLTZKIT_HAVE_NEON)
  kernels.push_back(&kernelsNeon);  // part of the AArch64 baseline
#endif
  kernels.push_back(&kernelsPortable);
  return kernels;
}

const Kernels& kernelsNamed(std::string_view isa) {
  std::string names;
  for (const Kernels* k : availableKernels()) {
    if (isa.empty() || isa == k->isa) return *k;
    names += (names.empty() ? "" : ", ") + std::string(k->isa);
  }
  throw Error(ErrorCode::backend,
              "the instruction set '" + std::string(isa) + "' (BOLTZKIT_ISA) is not available here; available: " + names);
}

std::string requestedIsa() {
  const char* isa = std::getenv("BOLTZKIT_ISA");
  return isa ? isa : "";
}

}  // namespace boltzkit::cpu
