// The machine of independent units at the bottom of a ladder. Layers with data have the marginals
// of the data. The other units are as if all their neighbours were at their means. So a straight
// line of parameters leads from this base to the machine through scaled couplings between centred
// states.
#pragma once
#include "sampling/row_chunks.hpp"

namespace boltzkit {

Machine::ParameterSet uncoupledBase(Machine& machine, const LayerData& data);

}  // namespace boltzkit
