// How many threads a call that belongs to no machine computes with.
#pragma once
#include "binding/arguments.hpp"
#include "cpu/info.hpp"

namespace boltzkit::binding {

inline constexpr std::uint64_t mostThreads = 1024;

// 0: as many as the process may use.
inline unsigned threadsOf(const Argument& argument) {
  const std::uint64_t given = argument.count(0, mostThreads);
  return given == 0 ? cpuInfo().threads : static_cast<unsigned>(given);
}

}  // namespace boltzkit::binding
