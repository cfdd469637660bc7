// Units that stand for all units of a row where taking all would cost too much: one random unit of
// each of several parts of the layers, weighed by the size of its part. The weighted sum over the
// parts is an unbiased estimate of the sum over all units.
#pragma once
#include <cstdint>
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

// Neighbouring units of one layer.
struct UnitPart {
  std::size_t layer;
  std::size_t first, count;  // its units; their values are in places first * size and following
  std::size_t number;        // of this part, from 0 on

  // The unit that stands for the part in the row of this chain, uniform up to count / 2^32. A part
  // of one unit uses no random word.
  std::uint32_t pick(const Stream& stream, std::size_t chain) const;
};

// Cuts the units of the given layers into about `parts` parts of about equal size: at least one per
// layer, at most one per unit.
std::vector<UnitPart> unitParts(const Machine& machine, const std::vector<bool>& given, std::size_t parts);

// Number of units of a layer, and of all given layers.
std::size_t unitCount(const Layer& layer);
std::size_t unitCount(const Machine& machine, const std::vector<bool>& given);

}  // namespace boltzkit
