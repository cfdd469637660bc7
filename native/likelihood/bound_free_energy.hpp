// An upper bound on free energies that have no closed form, because layers without data are coupled
// to each other. It is the bound of the mean-field distribution (Salakhutdinov & Hinton, "Deep
// Boltzmann machines", AISTATS 2009, section 3.1):
//   F(v) <= <E(v, h)>_q - H(q),
// where q has independent units, each with the field of its neighbours' means. If a closed form
// exists, the bound equals F.
#pragma once
#include "sampling/row_chunks.hpp"

namespace boltzkit {

// True if the bound exists; counts without data have no total and hence no bound.
bool bounded(const Machine& machine, const std::vector<bool>& given);

// Bounds the free energies of the given layers' rows in `states`. Runs `sweeps` mean-field sweeps
// over the other layers from zero; their states become their means. Draws nothing.
void boundFreeEnergies(const Machine& machine, States& states, const std::vector<bool>& given, std::uint64_t sweeps, std::span<double> out);

}  // namespace boltzkit
