#include "machine/conditional.hpp"

#include <string>

namespace boltzkit {
namespace {

// True if U(s) - log m(s) is linear in s, so that its mean is its value at the mean.
bool linearEnergy(UnitType type) {
  return visitUnit(type, [](auto unit) { return decltype(unit)::linear; }) && unmeasured(type) == type;
}

}  // namespace

Conditional::Conditional(Backend& backend, const Machine& machine, std::size_t given, std::size_t target, std::size_t rows)
    : backend_(backend), machine_(machine), target_(target) {
  const Wiring& wiring = machine.wiring();
  requireLayer(wiring, given);
  requireLayer(wiring, target);
  const Layer& layer = wiring.layers()[target];
  coupling_ = wiring.couplings().size();
  for (std::size_t c = 0; c < wiring.couplings().size(); ++c) {
    const Coupling& coupling = wiring.couplings()[c];
    if (coupling.lateral() || !((coupling.a == given && coupling.b == target) || (coupling.a == target && coupling.b == given))) continue;
    coupling_ = c;
    upright_ = coupling.a == given;
  }
  const std::string name = "layer '" + layer.name + "'", other = "'" + wiring.layers()[given].name + "'";
  if (coupling_ == wiring.couplings().size()) throw parameterError(name + " must be coupled to layer " + other);
  if (wiring.lateral(target))
    throw parameterError(name + " must not be coupled to itself: its units have no closed form given layer " + other);
  if (keepsTotal(layer.type)) throw parameterError(name + " must not hold counts: their total is not known given layer " + other);
  fields_ = backend.tensor(rows, layer.places);
}

FieldTerm Conditional::term(const Tensor& given, Accuracy accuracy) const {
  return {&given, &machine_.weights(coupling_), !upright_, 1, nullptr, accuracy, reuse_};
}

void Conditional::draw(const Tensor& given, const DrawWords& words, Tensor& out) {
  fields_->setRows(given.rows());
  const FieldTerm field = term(given, accuracy_);
  backend_.fieldsAndUnits(std::span(&field, 1), {machine_.unitsOf(target_), 1, words.stream, words.firstChain}, *fields_, nullptr, &out);
}

void Conditional::means(const Tensor& given, Tensor& out) {
  fields_->setRows(given.rows());
  const FieldTerm field = term(given, accuracy_);
  backend_.fieldsAndUnits(std::span(&field, 1), {machine_.unitsOf(target_)}, *fields_, &out, nullptr);
}

void Conditional::refreshFields(const Tensor& given) {
  fields_->setRows(given.rows());
  const FieldTerm field = term(given, Accuracy::full);
  backend_.fields(std::span(&field, 1), false, *fields_);
}

void Conditional::logLikelihoods(const Tensor& given, const Tensor& target, const RowSum& sum) {
  refreshFields(given);
  const Units units = machine_.unitsOf(target_);
  backend_.rowDots(*fields_, target, sum);
  backend_.unitEnergies(units, target, {sum.out, -sum.factor, true});
  backend_.cumulants(units, *fields_, 1, nullptr, {sum.out, -sum.factor, true});
}

void Conditional::entropies(const Tensor& given, const Tensor& drawn, const RowSum& sum) {
  const RowSum negative{sum.out, -sum.factor, sum.accumulate};
  if (!linearEnergy(machine_.wiring().layers()[target_].type)) return logLikelihoods(given, drawn, negative);
  refreshFields(given);
  if (!means_) means_ = backend_.tensor(fields_->capacity(), fields_->cols());
  means_->setRows(given.rows());
  const Units units = machine_.unitsOf(target_);
  backend_.updateUnits({units}, *fields_, means_.get(), nullptr);
  backend_.rowDots(*fields_, *means_, negative);
  backend_.unitEnergies(units, *means_, {sum.out, sum.factor, true});
  backend_.cumulants(units, *fields_, 1, nullptr, {sum.out, sum.factor, true});
}

}  // namespace boltzkit
