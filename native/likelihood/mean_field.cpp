#include "likelihood/mean_field.hpp"

#include "likelihood/bound_free_energy.hpp"
#include "machine/normalisable.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

// Calls body(first, states, bounds) for every chunk, with the means of the layers without rows in
// `states` and the bounds of the free energies in `bounds`.
template <class Body>
void forEachPosterior(Machine& machine, const std::vector<LayerRows>& given, std::uint64_t sweeps, const Cancelled& cancelled,
                      const Body& body) {
  requireNormalisable(machine);
  const LayerData data = LayerData::forQuestion(machine, given);
  if (!bounded(machine, data.given())) throw parameterError("layers of counts without rows have no mean-field posterior");
  std::vector<double> bounds;
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    const Interruptible interruptible(cancelled);
    bounds.resize(states.rows());
    boundFreeEnergies(machine, states, data.given(), sweeps, bounds);
    body(first, states, bounds);
  });
}

}  // namespace

void meanFieldMeans(Machine& machine, const std::vector<LayerRows>& given, std::size_t layer, std::uint64_t sweeps,
                    const Cancelled& cancelled, std::span<float> out) {
  requireLayer(machine.wiring(), layer);
  for (const LayerRows& rows : given)
    if (rows.layer == layer)
      throw parameterError("layer '" + machine.wiring().layers()[layer].name + "' is given, so it cannot be asked for");
  const std::size_t places = machine.places(layer);
  forEachPosterior(machine, given, sweeps, cancelled, [&](std::size_t first, States& states, const std::vector<double>&) {
    machine.backend().download(states[layer], out.subspan(first * places, states.rows() * places));
  });
}

void meanFieldBounds(Machine& machine, const std::vector<LayerRows>& given, std::uint64_t sweeps, const Cancelled& cancelled,
                     std::span<double> out) {
  for (const LayerRows& rows : given) requireStates(machine, rows);
  forEachPosterior(machine, given, sweeps, cancelled, [&](std::size_t first, States&, const std::vector<double>& bounds) {
    for (std::size_t r = 0; r < bounds.size(); ++r) out[first + r] = -bounds[r];
  });
}

}  // namespace boltzkit
