#include "likelihood/unit_picks.hpp"

#include <algorithm>
#include <cmath>

namespace boltzkit {

std::uint32_t UnitPart::pick(const Stream& stream, std::size_t chain) const {
  if (count == 1) return static_cast<std::uint32_t>(first);
  const Words4 words = streamWords(stream, static_cast<std::uint32_t>(chain), static_cast<std::uint32_t>(number / 4));
  const std::uint64_t word = words.w[number % 4];
  return static_cast<std::uint32_t>(first + (word * count >> 32));
}

std::size_t unitCount(const Layer& layer) { return layer.places / groupSize(layer); }

std::size_t unitCount(const Machine& machine, const std::vector<bool>& given) {
  std::size_t units = 0;
  for (std::size_t l = 0; l < given.size(); ++l)
    if (given[l]) units += unitCount(machine.wiring().layers()[l]);
  return units;
}

std::vector<UnitPart> unitParts(const Machine& machine, const std::vector<bool>& given, std::size_t parts) {
  const double share = static_cast<double>(parts) / static_cast<double>(unitCount(machine, given));
  std::vector<UnitPart> all;
  for (std::size_t l = 0; l < given.size(); ++l) {
    if (!given[l]) continue;
    const std::size_t units = unitCount(machine.wiring().layers()[l]);
    const auto wanted = static_cast<std::size_t>(std::llround(share * static_cast<double>(units)));
    const std::size_t here = std::clamp<std::size_t>(wanted, 1, units);
    for (std::size_t p = 0; p < here; ++p) {
      const std::size_t first = p * units / here;
      all.push_back({l, first, (p + 1) * units / here - first, all.size()});
    }
  }
  return all;
}

}  // namespace boltzkit
