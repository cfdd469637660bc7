#include "cpu/engine.hpp"

#include <tuple>

namespace boltzkit::cpu {

// Keeps a rare large call from holding its memory for as long as the model lives.
void Workspace::trim() {
  constexpr std::size_t keep = std::size_t{64} << 20;
  const auto all = [this](auto&& each) {
    const auto eachOf = [&](NonZeroBuffer& s) { std::apply(each, std::tie(s.offsets, s.bounds, s.columns, s.values, s.left, s.used)); };
    for (NonZeroBuffer& list : nonZeros) eachOf(list);
    for (ThreadNonZeros& list : threadNonZeros) eachOf(list.buffer);
    std::apply(each, std::tie(perThread, rounding, columns, neighbourStarts, slotStarts, neighbours, slotPlaces, slotWeights, tiles));
  };
  std::size_t bytes = 0;
  all([&](auto&... scratch) { bytes += (scratch.bytes() + ...); });
  if (bytes <= keep) return;
  all([](auto&... scratch) { (scratch.release(), ...); });
  listed = slotted = {};
  for (ThreadNonZeros& list : threadNonZeros) list.product = 0;
}

}  // namespace boltzkit::cpu
