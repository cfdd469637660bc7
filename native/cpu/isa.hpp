// The choice of kernels at run time.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cpu/kernels/kernels.hpp"

namespace boltzkit::cpu {

// The kernels that this processor and operating system can run, best first. The portable ones
// always come last. Those with matrix tiles are left out where BOLTZKIT_ISA names others.
std::vector<const Kernels*> availableKernels();

// The kernels of that name, or the best ones for an empty name. Throws Error{backend}, which lists
// what is available.
const Kernels& kernelsNamed(std::string_view isa);

// The name in the environment variable BOLTZKIT_ISA, or empty.
std::string requestedIsa();

}  // namespace boltzkit::cpu
