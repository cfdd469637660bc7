#include "likelihood/state_sums.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/progress.hpp"
#include "likelihood/log_sum.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

// Joint states per chunk; their fields fit in the second-level cache.
constexpr std::size_t chunkStates = 1024;

void requireCountable(const Machine& machine, const Enumeration& enumeration) {
  for (const Layer& layer : machine.wiring().layers())
    if (keepsTotal(layer.type))
      throw parameterError("the states of layer '" + layer.name + "' of counts depend on each row's total: there is no one log Z");
  if (std::isinf(enumeration.states()))
    throw parameterError("method 'exact' must count the states of the layers " + enumeration.names() +
                         ", not all of which have finitely many; use 'ais' or 'ladder'");
  if (enumeration.states() > mostCountedStates)
    throw parameterError("method 'exact' counts at most 2^28 joint states, this machine has " + countText(enumeration.states()) +
                         " of the layers " + enumeration.names() + "; use 'ais' or 'ladder'");
}

double finite(double logSum) {
  if (std::isfinite(logSum)) return logSum;
  throw parameterError("energies of this machine are not finite in its precision: its parameters are too large");
}

}  // namespace

double countedStates(const Machine& machine) {
  for (const Layer& layer : machine.wiring().layers())
    if (keepsTotal(layer.type)) return std::numeric_limits<double>::infinity();
  return Enumeration(machine, noLayer(machine)).states();
}

double exactLogZ(Machine& machine, const Cancelled& cancelled) {
  const Enumeration enumeration(machine, noLayer(machine));
  requireCountable(machine, enumeration);
  const auto states = static_cast<std::uint64_t>(enumeration.states());
  const std::size_t chunk = std::min<std::uint64_t>(chunkStates, states);
  States all(machine, chunk);
  std::vector<double> energies(chunk);
  LogSum sum;
  for (std::uint64_t first = 0; first < states; first += chunk) {
    throwIfCancelled(cancelled);
    Progress::report(static_cast<double>(first), static_cast<double>(states));
    const std::size_t n = std::min<std::uint64_t>(chunk, states - first);
    all.setRows(n);
    enumeration.write(first, all);
    freeEnergies(machine, all, enumeration.counted(), std::span(energies).first(n));
    for (std::size_t i = 0; i < n; ++i) sum.add(-energies[i]);
  }
  return finite(sum.value());
}

std::vector<double> countedSums(Machine& machine, const Enumeration& enumeration, const std::vector<LayerRows>& given,
                                const Cancelled& cancelled) {
  const LayerData data = LayerData::forQuestion(machine, given);
  const auto states = static_cast<std::uint64_t>(enumeration.states());
  std::vector<bool> known = data.given();
  for (std::size_t l = 0; l < known.size(); ++l) known[l] = known[l] || enumeration.counted()[l];
  std::vector<LogSum> sums(data.rows());
  const std::uint64_t total = data.rows() * states;
  const std::size_t chunk = std::min<std::uint64_t>(chunkStates, total);
  States all(machine, chunk);
  std::vector<double> energies;
  std::vector<std::uint32_t> rows;
  for (std::uint64_t first = 0; first < total; first += chunk) {
    throwIfCancelled(cancelled);
    Progress::report(static_cast<double>(first), static_cast<double>(total));
    rows.resize(std::min<std::uint64_t>(chunk, total - first));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>((first + i) / states);
    all.setRows(rows.size());
    data.gather(rows, all);
    enumeration.write(first, all);
    energies.resize(rows.size());
    freeEnergies(machine, all, known, energies);
    for (std::size_t i = 0; i < rows.size(); ++i) sums[rows[i]].add(-energies[i]);
  }
  std::vector<double> result;
  for (const LogSum& sum : sums) result.push_back(finite(sum.value()));
  return result;
}

}  // namespace boltzkit
