// The machine of independent units at the foot of a ladder: no couplings; layers with data keep the marginals of the data, the others are as the
// machine's would be if all their neighbours stood at their means, so that a straight line of parameters leads from it to the machine by way
// of scaled couplings between centred states.
#pragma once
#include "sampling/row_chunks.hpp"

namespace boltzkit {

Machine::ParameterSet uncoupledBase(Machine& machine, const LayerData& data);

}  // namespace boltzkit
