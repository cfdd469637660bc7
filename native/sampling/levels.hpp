// The machines of a network below its top one: each level recognises upwards by one machine and
// generates downwards by another.
#pragma once
#include <memory>
#include <vector>

#include "machine/machine.hpp"

namespace boltzkit {

// From the bottom; up[i] and down[i] have one wiring. Of `up` layer 1 is taken given layer 0, of
// `down` layer 0 given layer 1.
struct Levels {
  std::vector<std::shared_ptr<Machine>> up, down;
};

// Throws ParameterError or ShapeError unless the machines fit each other and the top machine, are
// different ones, and of one device.
void requireLevels(const Levels& levels, const Machine& top);

}  // namespace boltzkit
