// log of the sum of exp(-E) over all states of the layers that are not given: the joint states of as few layers as must be are counted one by
// one (machine/enumeration.hpp), the others summed out in closed form. Energies are those of the backend, sums run in double precision.
#pragma once
#include "core/interrupt.hpp"
#include "machine/energy.hpp"
#include "machine/enumeration.hpp"
#include "machine/gibbs.hpp"
#include "sampling/layer_rows.hpp"

namespace boltzkit {

// States that are counted at most, and without being asked to.
inline constexpr double mostCountedStates = 1 << 28, quicklyCountedStates = 1 << 22;

// The number of states that log Z by counting has to visit; infinite where that is not possible.
double countedStates(const Machine& machine);

// log Z. Throws ParameterError when layers without finitely many states would have to be counted, when there are too many states, or when
// energies are not finite.
double exactLogZ(Machine& machine, const Cancelled& cancelled);

// Per row of the given layers: the log of the sum over the states of all others, which `enumeration` counts.
std::vector<double> countedSums(const Machine& machine, const Enumeration& enumeration, const std::vector<LayerRows>& given,
                                const Cancelled& cancelled);

}  // namespace boltzkit
