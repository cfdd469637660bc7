// An upper bound of free energies where the layers without data are coupled to each other, so that
// they have no closed form: that of the mean-field distribution (Salakhutdinov & Hinton, "Deep
// Boltzmann machines", AISTATS 2009, section 3.1),
//   F(v) <= <E(v, h)>_q - H(q),   q independent units, each with the field of its neighbours' means.
// It is F itself where a closed form exists.
#pragma once
#include "sampling/row_chunks.hpp"

namespace boltzkit {

// Whether there is one: counts without data have no total.
bool bounded(const Machine& machine, const std::vector<bool>& given);

// Of the given layers' rows in `states`, after so many mean-field sweeps over the others from zero,
// whose states become their means. Draws nothing.
void boundFreeEnergies(const Machine& machine, States& states, const std::vector<bool>& given, std::uint64_t sweeps, std::span<double> out);

}  // namespace boltzkit
