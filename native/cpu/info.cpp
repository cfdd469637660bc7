#include "cpu/info.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "cpu/isa.hpp"

namespace boltzkit {
namespace {

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" \t"));
  text.erase(text.find_last_not_of(" \t") + 1);
  return text;
}

#if defined(__x86_64__)
std::string processorName() {
  unsigned words[12] = {};
  if (static_cast<unsigned>(__get_cpuid_max(0x80000000u, nullptr)) < 0x80000004u) return "";
  for (unsigned i = 0; i < 3; ++i) __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
  char name[sizeof words + 1] = {};
  std::memcpy(name, words, sizeof words);
  return trimmed(name);
}
#elif defined(__APPLE__)
std::string processorName() {
  char name[128] = {};
  std::size_t size = sizeof name - 1;
  return sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0 ? trimmed(name) : "";
}
#else
std::string processorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name") && line.find(':') != std::string::npos) return trimmed(line.substr(line.find(':') + 1));
  return "";
}
#endif

unsigned affinityCount() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
#endif
  return std::thread::hardware_concurrency();
}

// The share of processor time that a container grants, in whole processors rounded up; 0 if there
// is no limit.
unsigned containerLimit() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return 0;  // "max" is no number
  return static_cast<unsigned>((quota + period - 1) / period);
}

}  // namespace

CpuInfo cpuInfo() {
  CpuInfo info{processorName(), std::max(1u, affinityCount()), cpu::kernelsNamed(cpu::requestedIsa()).isa, {}};
  if (const unsigned limit = containerLimit(); limit > 0) info.threads = std::min(info.threads, limit);
  for (const cpu::Kernels* k : cpu::availableKernels()) info.available.emplace_back(k->isa);
  return info;
}

}  // namespace boltzkit
