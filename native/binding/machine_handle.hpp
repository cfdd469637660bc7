// The handle of a machine.
#pragma once
#include <memory>

#include "binding/model_handle.hpp"
#include "sampling/inference.hpp"

namespace boltzkit::binding {

struct MachineHandle final : HandleOf<Machine> {
  using HandleOf<Machine>::HandleOf;
  std::shared_ptr<Inference> inference;

 protected:
  void release() override {
    inference.reset();
    HandleOf<Machine>::release();
  }
};

}  // namespace boltzkit::binding
