// The log of the sum of exp(-E) over all states of the layers that are not given. The joint states
// of as few layers as possible are enumerated (machine/enumeration.hpp), the others summed out in
// closed form. Energies have the backend's precision; sums are in double precision.
#pragma once
#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/enumeration.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// The most states that are enumerated on request, and without a request.
inline constexpr double mostCountedStates = 1 << 28, quicklyCountedStates = 1 << 22;

// The number of states that an exact log Z must visit; infinite if it is impossible.
double countedStates(const Machine& machine);

// log Z. Throws ParameterError if layers without finitely many states would have to be enumerated,
// if there are too many states, or if energies are not finite.
double exactLogZ(Machine& machine, const Cancelled& cancelled);

// Per row of the given layers: the log of the sum over the states of all other layers, which
// `enumeration` enumerates.
std::vector<double> countedSums(Machine& machine, const Enumeration& enumeration, const std::vector<LayerRows>& given,
                                const Cancelled& cancelled);

}  // namespace boltzkit
