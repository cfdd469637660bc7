// The devices that models can be put on.
#pragma once
#include <memory>

#include "backend.hpp"
#include "binding/arguments.hpp"

namespace boltzkit::binding {

// From the fields `device` ('cpu', 'reference' or 'cuda') and `threads` of a model's description, and
// for a CUDA device `plugin` (its file) and `ordinal`.
std::unique_ptr<Backend> backendOf(const Argument& spec);

// cudaDevices(plugin): name, arch, memory and free bytes of each.
Napi::Value cudaDevices(const Napi::CallbackInfo& info);

}  // namespace boltzkit::binding
