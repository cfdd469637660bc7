#include "cpu/isa.hpp"

#include <cstdlib>

#if defined(BOLTZKIT_HAVE_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "core/error.hpp"

namespace boltzkit::cpu {

#if defined(BOLTZKIT_HAVE_AMX)
namespace {

// Asks Linux for the use of tiles, which a process needs once for all of its threads. The kernel
// refuses if a thread's signal stack has no room for them. From then on all signal stacks need this
// room, so nobody asks where BOLTZKIT_ISA names other kernels.
bool tilesAllowed() {
  const std::string isa = requestedIsa();
  for (const Kernels* others : {&kernelsAvx512, &kernelsAvx2, &kernelsPortable})
    if (isa == others->isa) return false;
  constexpr unsigned tile = 1u << 24, int8 = 1u << 25;  // leaf 7, edx
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (tile | int8)) != (tile | int8)) return false;
  constexpr long requestPermission = 0x1023, tileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

}  // namespace
#endif

// __builtin_cpu_supports asks the operating system too: without its support the wide registers
// would not survive a context switch.
std::vector<const Kernels*> availableKernels() {
  std::vector<const Kernels*> kernels;
#if defined(BOLTZKIT_HAVE_AVX512)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
#if defined(BOLTZKIT_HAVE_AMX)
    static const bool tiles = tilesAllowed();
    if (tiles) kernels.push_back(&kernelsAmx);
#endif
    kernels.push_back(&kernelsAvx512);
  }
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
  throw BackendError(BackendReason::archUnsupported,
                     "the instruction set '" + std::string(isa) + "' (BOLTZKIT_ISA) is not available here; available: " + names);
}

std::string requestedIsa() {
  const char* isa = std::getenv("BOLTZKIT_ISA");
  return isa ? isa : "";
}

}  // namespace boltzkit::cpu
