#include "cpu/engine.hpp"

#include <tuple>

namespace boltzkit::cpu {

// A rare large call should not hold its memory for as long as the model lives.
void Workspace::trim() {
  constexpr std::size_t keep = std::size_t{64} << 20;
  const auto all = [this](auto&& each) {
    return std::apply(each, std::tie(lists[0].offsets, lists[0].starts, lists[0].values, lists[0].left, lists[1].offsets, lists[1].starts,
                                     lists[1].values, lists[1].left, perThread, columns, neighbourStarts, slotStarts, neighbours,
                                     slotPlaces, slotWeights, tiles));
  };
  if (all([](auto&... scratch) { return (scratch.bytes() + ...); }) <= keep) return;
  all([](auto&... scratch) { (scratch.release(), ...); });
  listed = slotted = {};
}

}  // namespace boltzkit::cpu
