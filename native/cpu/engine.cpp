#include "cpu/engine.hpp"

namespace boltzkit::cpu {

// A rare large call should not hold its memory for as long as the model lives.
void Workspace::trim() {
  constexpr std::size_t keep = std::size_t{64} << 20;
  if (offsets.bytes() + starts.bytes() + values.bytes() + left.bytes() + perThread.bytes() + columns.bytes() <= keep) return;
  offsets.release();
  starts.release();
  values.release();
  left.release();
  perThread.release();
  columns.release();
}

}  // namespace boltzkit::cpu
