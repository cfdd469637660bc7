// If layers without rows are coupled to each other, every row has its own partition function: that
// of the machine with the row clamped. With few states it is enumerated. Otherwise it is annealed
// (likelihood/annealed.hpp) and averaged over several chains per row. That average is unbiased, so
// its logarithm is too low on average. Salakhutdinov & Hinton, AISTATS 2009, use a lower bound
// instead.
#include "likelihood/row_sums.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/progress.hpp"
#include "likelihood/annealed.hpp"
#include "likelihood/base_units.hpp"
#include "likelihood/log_sum.hpp"
#include "likelihood/state_sums.hpp"
#include "machine/normalisable.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

constexpr double mostCountedPerRow = 1 << 12;
constexpr std::size_t chainsPerRow = 10, temperaturesPerRow = 100;
// The base of the rows' annealing: marginals of the layers without rows, given some of the rows.
constexpr std::size_t baseRows = 200, baseSweeps = 50;

class AnnealedRows {
 public:
  AnnealedRows(Machine& machine, const std::vector<LayerRows>& given)
      : machine_(machine),
        data_(LayerData::forQuestion(machine, given)),
        given_(data_.given()),
        path_(machine, AnnealingPath::roles(machine.wiring(), given_), base(), rowsTogether * chainsPerRow),
        annealer_(path_, usualTemperatures(temperaturesPerRow)) {}

  std::vector<double> run(const Cancelled& cancelled) {
    std::vector<double> values;
    Round round{stream(annealer_.steps())};
    States states(machine_, rowsTogether * chainsPerRow);
    for (std::size_t first = 0; first < data_.rows(); first += rowsTogether) {
      const std::size_t n = std::min(rowsTogether, data_.rows() - first);
      load(first, n, states);
      round.firstChain = static_cast<std::uint32_t>(first * chainsPerRow);
      std::vector<double> weights(n * chainsPerRow), energies(weights.size());
      const double all = static_cast<double>(data_.rows());
      const Progress part(static_cast<double>(first) / all, static_cast<double>(first + n) / all);
      annealer_.forward(states, round, cancelled, weights);
      givenEnergies(states, energies);
      for (std::size_t r = 0; r < n; ++r)
        values.push_back(path_.logBase() - energies[r * chainsPerRow] +
                         logMean(std::span(weights).subspan(r * chainsPerRow, chainsPerRow)));
    }
    return values;
  }

 private:
  static constexpr std::size_t rowsTogether = chunkRows / chainsPerRow;

  Stream stream(std::uint64_t steps) { return machine_.random().next(Purpose::evaluation, steps); }

  AnnealingPath::Base base() {
    BaseUnits units(machine_);
    States states(machine_, std::min(baseRows, data_.rows()));
    const std::size_t count = states.rows();
    data_.gather(evenlySpaced(data_.rows(), count), states);
    BlockGibbs gibbs(machine_, given_, count);
    Round round{stream(baseSweeps)};
    for (std::size_t s = 0; s < baseSweeps; ++s, ++round.stream.step) {
      gibbs.sweep(states, round);
      for (std::size_t l = 0; l < given_.size(); ++l)
        if (!given_[l] && s >= baseSweeps / 2) units.add(l, states[l]);
    }
    AnnealingPath::Base base;
    for (std::size_t l = 0; l < given_.size(); ++l) base.push_back(given_[l] ? std::vector<double>{} : units.parameters(l));
    return base;
  }

  void load(std::size_t first, std::size_t n, States& states) const {
    std::vector<std::uint32_t> rows(n * chainsPerRow);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(first + i / chainsPerRow);
    states.setRows(rows.size());
    data_.gather(rows, states);
  }

  // The part of E(s) that involves only given layers.
  void givenEnergies(const States& states, std::span<double> out) const {
    Backend& backend = machine_.backend();
    const DoublesPtr values = backend.doubles(out.size());
    bool any = false;
    for (std::size_t l = 0; l < given_.size(); ++l)
      if (given_[l]) backend.unitEnergies(machine_.unitsOf(l), states[l], {values.get(), 1, std::exchange(any, true)});
    const std::vector<Coupling>& couplings = machine_.wiring().couplings();
    for (std::size_t c = 0; c < couplings.size(); ++c) {
      if (!given_[couplings[c].a] || !given_[couplings[c].b]) continue;
      couplingProducts(machine_, c, states, *backend.tensor(states.rows(), machine_.places(couplings[c].b)), {values.get(), -1, true});
    }
    backend.read(*values, out);
  }

  Machine& machine_;
  LayerData data_;
  const std::vector<bool>& given_;
  AnnealingPath path_;
  Annealer annealer_;
};

std::vector<bool> flagsOf(const Machine& machine, const std::vector<LayerRows>& given) {
  std::vector<bool> flags(machine.wiring().layers().size(), false);
  for (const LayerRows& rows : given) flags[rows.layer] = true;
  return flags;
}

}  // namespace

RowSums rowSums(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled) {
  requireNormalisable(machine);
  for (const LayerRows& rows : given) requireStates(machine, rows);
  const std::vector<bool> flags = flagsOf(machine, given);
  if (summable(machine, flags)) {
    std::vector<double> sums(given.front().rows->rows());
    const LayerData data = LayerData::forQuestion(machine, given);
    forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
      freeEnergies(machine, states, flags, std::span(sums).subspan(first, states.rows()));
    });
    for (double& sum : sums) sum = -sum;
    return {std::move(sums), true};
  }
  const Enumeration enumeration(machine, flags);
  if (enumeration.states() <= mostCountedPerRow) return {countedSums(machine, enumeration, given, cancelled), true};
  return {AnnealedRows(machine, given).run(cancelled), false};
}

}  // namespace boltzkit
