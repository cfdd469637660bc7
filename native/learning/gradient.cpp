#include "learning/gradient.hpp"

#include <iterator>

#include "sampling/column_sums.hpp"

namespace boltzkit {
namespace {

TensorPtr biasRow(Backend& backend, const Machine& machine, std::size_t layer) {
  return visitUnit(machine.wiring().layers()[layer].type, [&](auto unit) -> TensorPtr {
    using Unit = decltype(unit);
    if (Unit::parameters == 1) return nullptr;
    std::vector<float> flags(std::begin(Unit::isBias), std::end(Unit::isBias));
    TensorPtr row = backend.tensor(1, flags.size());
    backend.upload(std::span<const float>(flags), *row);
    return row;
  });
}

}  // namespace

bool ofUnitSize(const Layer& layer) {
  const Domain domain = domainOf(layer);
  return domain.low >= -1 && domain.high <= 1;
}

Gradient::Lateral Gradient::lateralOf(std::size_t coupling) const {
  const std::size_t layer = machine_.wiring().couplings()[coupling].a, n = machine_.places(layer);
  auto square = [&] { return backend_.tensor(n, n); };
  std::vector<float> identity(n * n, 0.0f);
  for (std::size_t i = 0; i < n; ++i) identity[i * n + i] = 1;
  Lateral lateral{coupling, machine_.lateralMask(layer), square(), square(), square()};
  backend_.upload(std::span<const float>(identity), *lateral.identity);
  return lateral;
}

Gradient::Gradient(const Machine& machine, std::vector<bool> held, Backend* worker)
    : machine_(machine), backend_(worker ? *worker : machine.backend()), held_(std::move(held)) {
  held_.resize(machine.wiring().layers().size(), false);
  for (std::size_t l = 0; l < machine.wiring().layers().size(); ++l) {
    units_.push_back(backend_.tensor(machine.unitParameters(l).rows(), machine.places(l)));
    means_.push_back(backend_.tensor(1, machine.places(l)));
    biasRows_.push_back(biasRow(backend_, machine, l));
    shifts_.push_back(biasRows_[l] ? backend_.tensor(1, machine.places(l)) : nullptr);
  }
  for (const Coupling& c : machine.wiring().couplings()) {
    if (c.lateral() && !c.graph) laterals_.push_back(lateralOf(weights_.size()));
    const Tensor& like = machine.weights(weights_.size());
    weights_.push_back(backend_.tensor(like.rows(), like.cols()));
  }
  terms_.resize(weights_.size());
}

Tensor& Gradient::evaluate(std::size_t c) {
  std::vector<StatisticsTerm>& terms = terms_[c];
  for (const StatisticsTerm& term : terms)
    backend_.statistics(*term.a, *term.b, term.rowWeights, term.alpha, &term == terms.data() ? 0 : 1, *weights_[c]);
  terms.clear();
  return *weights_[c];
}

void Gradient::clear(std::size_t c) {
  terms_[c].clear();
  backend_.fill(0, *weights_[c]);
}

void Gradient::couplingTerm(std::size_t c, const StatisticsTerm& term, bool first, Lasts lasts) {
  const Coupling& coupling = machine_.wiring().couplings()[c];
  std::vector<StatisticsTerm>& terms = terms_[c];
  if (first) terms.clear();
  const bool dense = !coupling.graph && !coupling.lateral();
  if (lasts == Lasts::step && dense && (first || !terms.empty()) && terms.size() < mostTerms) return terms.push_back(term);
  couplingStatistics(c, *term.a, *term.b, term.rowWeights, term.alpha, first ? 0 : 1);
}

void Gradient::accumulate(const Phase& phase, const Tensor* rowWeights, double alpha, bool first, Lasts lasts) {
  auto of = [&](std::size_t layer) -> const Tensor& { return phase.means[layer] ? *phase.means[layer] : phase.states[layer]; };
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    const bool forStep = lasts == Lasts::step && ofUnitSize(machine_.wiring().layers()[coupling.b]);
    const Accuracy accuracy = forStep ? Accuracy::statistics : Accuracy::full;
    couplingTerm(c, {&of(coupling.a), &of(coupling.b), rowWeights, alpha, accuracy}, first, lasts);
  }
  for (std::size_t l = 0; l < units_.size(); ++l) addUnits(l, of(l), phase.fields[l], rowWeights, alpha, first);
}

void Gradient::scale(double factor) {
  const auto scaled = [&](Tensor& values) { factor == 0 ? backend_.fill(0, values) : backend_.axpby(factor, values, 0, values); };
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    if (terms_[c].empty() || factor == 0) scaled(*weights_[c]);
    if (factor == 0) terms_[c].clear();
    for (StatisticsTerm& term : terms_[c]) term.alpha *= factor;
  }
  for (const TensorPtr& values : units_) scaled(*values);
  for (std::size_t l = 0; l < means_.size(); ++l)
    if (biasRows_[l]) scaled(*means_[l]);
}

void Gradient::addProducts(const States& left, const States& right, const Tensor* rowWeights, double alpha) {
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    couplingStatistics(c, left[coupling.a], right[coupling.b], rowWeights, alpha, 1);
  }
}

void Gradient::addUnits(std::size_t layer, const Tensor& values, const Tensor* fields, const Tensor* rowWeights, double alpha, bool first) {
  backend_.unitStatistics(machine_.unitsOf(layer), values, fields, rowWeights, alpha, first ? 0 : 1, *units_[layer]);
  if (!biasRows_[layer]) return;  // statistics of these types are the values themselves
  if (!ones_ || ones_->capacity() < values.rows()) {
    ones_ = backend_.tensor(values.rows(), 1);
    backend_.fill(1, *ones_);
  }
  columnSums(backend_, *ones_, values, rowWeights, alpha, first ? 0 : 1, *means_[layer]);
}

void Gradient::couplingStatistics(std::size_t c, const Tensor& a, const Tensor& b, const Tensor* rowWeights, double alpha, double beta) {
  const Graph* graph = machine_.wiring().couplings()[c].graph.get();
  if (beta != 0) evaluate(c);
  if (graph)
    backend_.edgeStatistics(*graph, a, b, rowWeights, alpha, beta, *weights_[c]);
  else
    backend_.statistics(a, b, rowWeights, alpha, beta, *weights_[c]);
}

void Gradient::centre(Offsets offsets) {
  // Copies the gradients of biases: terms may be summed only after the optimiser has replaced these
  // by its steps.
  for (std::size_t l = 0; l < means_.size(); ++l)
    if (!biasRows_[l]) backend_.axpby(1, *units_[l], 0, *means_[l]);
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    if (!held_[coupling.b]) couplingTerm(c, {offsets[coupling.a], means_[coupling.b].get(), nullptr, -1}, false, Lasts::step);
    if (!held_[coupling.a]) couplingTerm(c, {means_[coupling.a].get(), offsets[coupling.b], nullptr, -1}, false, Lasts::step);
  }
}

void Gradient::symmetrise() {
  for (const Lateral& l : laterals_) {
    Tensor& weights = *weights_[l.coupling];
    const FieldTerm transposition{l.identity.get(), &weights, true};
    backend_.fields(std::span(&transposition, 1), false, *l.transposed);
    backend_.axpby(0.5, *l.transposed, 0.5, weights);
    backend_.clamp(*l.mask, *l.zeros, weights);
  }
}

void Gradient::compensate(Machine& machine, Offsets offsets) const {
  for (std::size_t c = 0; c < weights_.size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    compensate(machine, coupling.a, {offsets[coupling.b], weights_[c].get(), true, -1, coupling.graph.get()});
    if (coupling.lateral()) continue;  // each pair counts once
    compensate(machine, coupling.b, {offsets[coupling.a], weights_[c].get(), false, -1, nullptr});
  }
}

void Gradient::takeBack(Machine& machine, const StepOutcome& outcome) const {
  for (std::size_t c = 0; c < weights_.size(); ++c)
    backend_.axpbyWhen(Backend::When::refused, outcome, -1, *weights_[c], 1, machine.weights(c));
}

// Moves every bias of a layer by the field that the step on its coupling causes.
void Gradient::compensate(Machine& machine, std::size_t layer, const FieldTerm& moved) const {
  if (held_[layer]) return;
  if (!biasRows_[layer]) return backend_.fields(std::span(&moved, 1), true, machine.unitParameters(layer));
  backend_.fields(std::span(&moved, 1), false, *shifts_[layer]);
  backend_.statistics(*biasRows_[layer], *shifts_[layer], nullptr, 1, 1, machine.unitParameters(layer));
}

}  // namespace boltzkit
