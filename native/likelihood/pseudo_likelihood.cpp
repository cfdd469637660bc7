#include "likelihood/pseudo_likelihood.hpp"

#include <algorithm>
#include <cmath>

#include "core/progress.hpp"
#include "sampling/row_chunks.hpp"

namespace boltzkit {
namespace {

// A logarithm or an exponential of a cumulant costs about this many multiply-adds of a product.
constexpr double cumulantWork = 30;

bool allTrue(const std::vector<bool>& given) { return std::find(given.begin(), given.end(), false) == given.end(); }

void requireNumbers(std::span<const double> values) {
  if (std::any_of(values.begin(), values.end(), [](double x) { return std::isnan(x); }))
    throw parameterError(
        "Gaussian units of this machine spread so far, for the size of their precisions, that their conditionals cannot be integrated; "
        "make "
        "the weights smaller");
}

}  // namespace

std::optional<std::string> PseudoLikelihood::obstacle(const Machine& machine, const std::vector<bool>& given) {
  for (std::size_t l = 0; l < given.size(); ++l)
    if (given[l])
      if (const auto reason = UnitConditionals::obstacle(machine, given, l)) return reason;
  if (!summable(machine, given)) return "layers that are not given are coupled to each other and cannot be summed out";
  return std::nullopt;
}

double PseudoLikelihood::workPerUnit(const Machine& machine, const std::vector<bool>& given) {
  if (allTrue(given)) return 0;
  double work = 0;
  for (std::size_t l = 0; l < given.size(); ++l) {
    if (!given[l]) continue;
    double others = 0;
    for (std::size_t n = 0; n < given.size(); ++n)
      if (!given[n] && machine.wiring().coupled(l, n)) others += static_cast<double>(machine.places(n));
    work += static_cast<double>(unitCount(machine.wiring().layers()[l])) * UnitConditionals::valuesPerUnit(machine, given, l) *
            cumulantWork * others;
  }
  return work / static_cast<double>(unitCount(machine, given));
}

PseudoLikelihood::PseudoLikelihood(const Machine& machine, const std::vector<bool>& given, std::size_t rows)
    : machine_(machine), given_(given), allGiven_(allTrue(given)), rows_(rows) {
  if (const auto reason = obstacle(machine, given)) throw parameterError(*reason);
}

UnitConditionals& PseudoLikelihood::conditionals() {
  if (!conditionals_) conditionals_.emplace(machine_, given_, rows_);
  return *conditionals_;
}

void PseudoLikelihood::exact(const States& states, const Cancelled& cancelled, std::span<double> out) {
  if (allGiven_) return fromFields(states, out);
  conditionals().load(states);
  std::fill(out.begin(), out.end(), 0.0);
  std::vector<std::uint32_t> unit(out.size());
  std::vector<double> term(out.size());
  const double units = static_cast<double>(unitCount(machine_, given_));
  std::size_t done = 0;
  for (std::size_t l = 0; l < given_.size(); ++l)
    for (std::uint32_t i = 0; given_[l] && i < unitCount(machine_.wiring().layers()[l]); ++i) {
      throwIfCancelled(cancelled);
      Progress::report(static_cast<double>(done++), units);
      std::fill(unit.begin(), unit.end(), i);
      conditionals_->logProbabilities(l, unit, term);
      for (std::size_t r = 0; r < out.size(); ++r) out[r] += term[r];
    }
}

void PseudoLikelihood::estimate(const States& states, std::span<const UnitPart> parts, const Stream& stream, std::size_t firstChain,
                                std::span<double> out) {
  if (allGiven_) return fromFields(states, out);
  conditionals().load(states);
  std::fill(out.begin(), out.end(), 0.0);
  std::vector<std::uint32_t> unit(out.size());
  std::vector<double> term(out.size());
  for (const UnitPart& part : parts) {
    for (std::size_t r = 0; r < unit.size(); ++r) unit[r] = part.pick(stream, firstChain + r);
    conditionals_->logProbabilities(part.layer, unit, term);
    for (std::size_t r = 0; r < out.size(); ++r) out[r] += static_cast<double>(part.count) * term[r];
  }
}

void PseudoLikelihood::terms(const States& states, std::span<const std::size_t> layers, const Cancelled& cancelled, std::span<double> out) {
  conditionals().load(states);
  const std::size_t rows = states.rows(), units = unitCount(machine_, given_);
  std::vector<std::uint32_t> unit(rows);
  std::vector<double> term(rows);
  std::size_t column = 0;
  for (const std::size_t l : layers)
    for (std::uint32_t i = 0; i < unitCount(machine_.wiring().layers()[l]); ++i, ++column) {
      throwIfCancelled(cancelled);
      Progress::report(static_cast<double>(column), static_cast<double>(units));
      std::fill(unit.begin(), unit.end(), i);
      conditionals_->logProbabilities(l, unit, term);
      for (std::size_t r = 0; r < rows; ++r) out[r * units + column] = term[r];
    }
}

// log p(s_i | field_i) = field_i s_i - U(s_i) - cumulant(field_i).
void PseudoLikelihood::fromFields(const States& states, std::span<double> out) {
  Backend& backend = machine_.backend();
  const DoublesPtr values = backend.doubles(out.size());
  if (!fields_) fields_.emplace(machine_, rows_);
  fields_->setRows(states.rows());
  for (std::size_t l = 0; l < given_.size(); ++l) {
    Tensor& fields = (*fields_)[l];
    unitFields(machine_, l, states, fields);
    backend.rowDots(fields, states[l], {values.get(), 1, l > 0});
    backend.unitEnergies(machine_.unitsOf(l), states[l], {values.get(), -1, true});
    backend.cumulants(machine_.unitsOf(l), fields, 1, nullptr, {values.get(), -1, true});
  }
  backend.read(*values, out);
}

void pseudoLikelihoodOf(Machine& machine, const std::vector<LayerRows>& given, bool exact, const Cancelled& cancelled,
                        std::span<double> out) {
  const LayerData data = LayerData::forQuestion(machine, given);
  PseudoLikelihood likelihood(machine, data.given(), std::min(chunkRows, data.rows()));
  const Stream stream{machine.seed(), Purpose::monitor, static_cast<std::uint8_t>(given.front().layer),
                      exact ? 0 : machine.random().next(Purpose::monitor).step};
  const std::vector<UnitPart> parts = unitParts(machine, data.given(), 1);
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    const std::span<double> part = out.subspan(first, states.rows());
    if (exact)
      likelihood.exact(states, cancelled, part);
    else
      likelihood.estimate(states, parts, stream, first, part);
  });
  requireNumbers(out);
}

void unitSurprises(Machine& machine, const std::vector<LayerRows>& given, const Cancelled& cancelled, std::span<double> out) {
  const LayerData data = LayerData::forQuestion(machine, given);
  PseudoLikelihood likelihood(machine, data.given(), std::min(chunkRows, data.rows()));
  std::vector<std::size_t> layers;
  for (const LayerRows& rows : given) layers.push_back(rows.layer);
  const std::size_t units = unitCount(machine, data.given());
  forEachChunk(machine, data, cancelled, [&](std::size_t first, States& states) {
    likelihood.terms(states, layers, cancelled, out.subspan(first * units, states.rows() * units));
  });
  requireNumbers(out);
  for (double& x : out) x = -x;
}

}  // namespace boltzkit
