#include "likelihood/annealing_path.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "machine/enumeration.hpp"

namespace boltzkit {
namespace {

using Role = AnnealingPath::Role;

// Fields are recomputed after this many incremental updates, so that rounding errors do not add up.
constexpr std::uint64_t freshFields = 32;

std::vector<bool> notKept(const std::vector<Role>& roles) {
  std::vector<bool> flags;
  for (const Role role : roles) flags.push_back(role == Role::given);
  return flags;
}

}  // namespace

std::vector<Role> AnnealingPath::roles(const Wiring& wiring, const std::vector<bool>& given) {
  const std::size_t layers = wiring.layers().size();
  std::vector<Role> roles(layers, Role::kept);
  std::vector<std::size_t> order(layers);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wiring.layers()[a].places > wiring.layers()[b].places; });
  for (std::size_t l = 0; l < layers; ++l)
    if (given[l]) roles[l] = Role::given;
  for (const std::size_t l : order) {
    const auto stands = [&](std::size_t other) { return roles[other] == Role::summed && wiring.coupled(l, other); };
    if (roles[l] == Role::kept && !wiring.lateral(l) && std::none_of(order.begin(), order.end(), stands)) roles[l] = Role::summed;
  }
  return roles;
}

AnnealingPath::AnnealingPath(const Machine& machine, std::vector<Role> roles, Base base, std::size_t rows)
    : machine_(machine),
      roles_(std::move(roles)),
      base_(std::move(base)),
      target_(roles_.size()),
      gibbs_(machine, notKept(roles_), rows),
      sums_(machine.backend().doubles(rows)) {
  Backend& backend = machine.backend();
  const std::vector<Coupling>& couplings = machine.wiring().couplings();
  for (std::size_t c = 0; c < couplings.size(); ++c) {
    const Role a = roles_[couplings[c].a], b = roles_[couplings[c].b];
    if (a == Role::summed || b == Role::summed || (a == Role::given && b == Role::given)) continue;
    couplings_.push_back(c);
    products_.push_back(backend.tensor(rows, machine.places(couplings[c].b)));
  }
  for (std::size_t l = 0; l < roles_.size(); ++l) seen_.push_back(roles_[l] == Role::given ? std::vector<Seen>{} : neighbours(l, rows));
  follow(false);
  for (std::size_t l = 0; l < roles_.size(); ++l) {
    const Tensor& parameters = machine.unitParameters(l);
    baseParameters_.push_back(roles_[l] == Role::given ? nullptr : backend.tensor(parameters.rows(), parameters.cols()));
    if (roles_[l] == Role::given) continue;
    (roles_[l] == Role::kept ? kept_ : summed_).push_back(l);
    target_[l] = valuesOf(backend, parameters);
    backend.upload(std::span<const double>(base_[l]), *baseParameters_[l]);
    const Units units{machine.wiring().layers()[l].type, baseParameters_[l].get(), machine.wiring().layers()[l].size};
    const TensorPtr noField = backend.tensor(1, machine.places(l));
    const double cumulant = reduced(backend, 1, [&](const RowSum& sum) { backend.cumulants(units, *noField, 1, nullptr, sum); }).front();
    logBase_ += cumulant;
    if (roles_[l] == Role::summed) baseCumulants_ += cumulant;
  }
}

// Empty if any neighbouring layer has units with infinitely many states: real numbers change at
// every step, so incremental updates would save nothing.
std::vector<AnnealingPath::Seen> AnnealingPath::neighbours(std::size_t layer, std::size_t rows) const {
  const std::vector<Coupling>& couplings = machine_.wiring().couplings();
  std::vector<Seen> all;
  for (std::size_t c = 0; c < couplings.size(); ++c) {
    if (couplings[c].lateral() || (couplings[c].a != layer && couplings[c].b != layer)) continue;
    const bool transposed = couplings[c].a == layer;
    const std::size_t other = transposed ? couplings[c].b : couplings[c].a;
    if (statesOfUnit(machine_.wiring().layers()[other]) == 0) return {};
    all.push_back({other, c, transposed, machine_.backend().tensor(rows, machine_.places(other))});
  }
  return all;
}

void AnnealingPath::drawBase(States& states, const Round& round) const {
  for (const std::size_t l : kept_) {
    const Units units{machine_.wiring().layers()[l].type, baseParameters_[l].get(), machine_.wiring().layers()[l].size};
    drawWithoutField(machine_.backend(), units, l, round.stream, round.firstChain, states[l]);
  }
}

AnnealingPath::Point AnnealingPath::point(double beta) const {
  Point point;
  for (const TensorPtr& p : baseParameters_) point.parameters_.push_back(p ? machine_.backend().tensor(p->rows(), p->cols()) : nullptr);
  move(point, beta);
  return point;
}

void AnnealingPath::move(Point& point, double beta) const {
  point.beta_ = beta;
  for (std::size_t l = 0; l < roles_.size(); ++l)
    if (roles_[l] != Role::given && beta > 0) combine(l, beta, *point.parameters_[l]);
}

void AnnealingPath::combine(std::size_t layer, double beta, Tensor& out) const {
  const std::size_t places = machine_.places(layer);
  std::vector<double> values(target_[layer].size());
  visitUnit(machine_.wiring().layers()[layer].type, [&](auto unit) {
    using Unit = decltype(unit);
    double p[Unit::parameters], q[Unit::parameters], sum[Unit::parameters];
    for (std::size_t j = 0; j < places; ++j) {
      for (std::size_t k = 0; k < Unit::parameters; ++k) {
        p[k] = target_[layer][k * places + j];
        q[k] = base_[layer][k * places + j];
      }
      Unit::combine(p, q, (1 - beta) / beta, sum);
      for (std::size_t k = 0; k < Unit::parameters; ++k) values[k * places + j] = sum[k];
    }
  });
  machine_.backend().upload(std::span<const double>(values), out);
}

// True if weights may be rounded. All units must be Bernoulli or softmax, and every coupling must
// join a kept and a summed layer. Then steps and increments depend on the weights through the
// fields alone. Products with W and with its transpose must also use the same rounded weights.
bool AnnealingPath::mayRound() const {
  const Wiring& wiring = machine_.wiring();
  for (std::size_t l = 0; l < roles_.size(); ++l) {
    const UnitType type = wiring.layers()[l].type;
    if (roles_[l] == Role::given || (type != UnitType::bernoulli && type != UnitType::softmax)) return false;
  }
  for (std::size_t c = 0; c < wiring.couplings().size(); ++c) {
    const Coupling& coupling = wiring.couplings()[c];
    if (roles_[coupling.a] == roles_[coupling.b] || !machine_.backend().sameRounding(machine_.weights(c), Accuracy::draws)) return false;
  }
  return true;
}

void AnnealingPath::follow(bool oneSet) {
  following_ = oneSet;
  rounding_ = oneSet && mayRound();
  gibbs_.setAccuracy(rounding_ ? Accuracy::draws : Accuracy::full);
  moves_.assign(roles_.size(), 0);
}

void AnnealingPath::bringFields(std::size_t layer, const States& states) {
  Backend& backend = machine_.backend();
  const bool anew = !following_ || rounding_ || seen_[layer].empty() || moves_[layer]++ % freshFields == 0;
  if (anew) gibbs_.refreshFields(layer, states);
  if (!following_ || rounding_) return;
  for (Seen& seen : seen_[layer]) {
    const Tensor& now = states[seen.layer];
    seen.states->setRows(states.rows());
    if (!anew) {
      backend.axpby(1, now, -1, *seen.states);
      const FieldTerm term{seen.states.get(), &machine_.weights(seen.coupling), seen.transposed, 1, nullptr};
      gibbs_.addToFields(layer, std::span(&term, 1));
    }
    backend.axpby(1, now, 0, *seen.states);
  }
}

void AnnealingPath::load(const States& states) {
  Backend& backend = machine_.backend();
  for (const std::size_t l : summed_) bringFields(l, states);
  bool any = false;
  const auto slopes = [&](double sign) { return RowSum{sums_.get(), sign, std::exchange(any, true)}; };
  for (const std::size_t l : kept_) {
    Units units = machine_.unitsOf(l);
    backend.unitEnergies(units, states[l], slopes(-1));
    units.parameters = baseParameters_[l].get();
    backend.unitEnergies(units, states[l], slopes(1));
  }
  for (std::size_t i = 0; i < couplings_.size(); ++i) couplingProducts(machine_, couplings_[i], states, *products_[i], slopes(1));
  slope_.assign(states.rows(), 0.0);
  if (any) backend.read(*sums_, slope_);
}

// out += factor * the cumulants of some units.
void AnnealingPath::addCumulants(const Units& units, const Tensor& fields, double beta, double factor, std::span<double> out) {
  Backend& backend = machine_.backend();
  backend.cumulants(units, fields, beta, nullptr, {sums_.get()});
  part_.resize(out.size());
  backend.read(*sums_, part_);
  for (std::size_t r = 0; r < out.size(); ++r) out[r] += factor * part_[r];
}

void AnnealingPath::addCumulants(const Point& at, double sign, std::span<double> out) {
  if (at.beta() == 0) {
    for (double& value : out) value += sign * baseCumulants_;
    return;
  }
  for (const std::size_t l : summed_) {
    const Layer& layer = machine_.wiring().layers()[l];
    addCumulants({layer.type, at.parameters_[l].get(), layer.size}, gibbs_.fields(l), at.beta(), sign, out);
  }
}

void AnnealingPath::addIncrements(const Point& from, const Point& to, std::span<double> out) {
  for (std::size_t r = 0; r < out.size(); ++r) out[r] += (to.beta() - from.beta()) * slope_[r];
  addCumulants(to, 1, out);
  addCumulants(from, -1, out);
}

void AnnealingPath::addRounding(const States& states, double sign, std::span<double> out) {
  if (!rounding_) return;
  for (const std::size_t l : summed_) {
    const TensorPtr exact = machine_.backend().tensor(states.rows(), machine_.places(l));
    layerFields(machine_, l, states, {}, *exact);
    addCumulants(machine_.unitsOf(l), *exact, 1, sign, out);
    addCumulants(machine_.unitsOf(l), gibbs_.fields(l), 1, -sign, out);
  }
}

void AnnealingPath::step(const Point& at, States& states, Round round, bool backwards) {
  if (at.beta() == 0) return drawBase(states, round);
  round.beta = at.beta();
  round.parameters = &at.parameters_;
  for (const std::size_t l : summed_) gibbs_.redraw(l, states, round, nullptr, &states[l]);
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const std::size_t l = kept_[backwards ? kept_.size() - 1 - i : i];
    if (rounding_ || machine_.wiring().lateral(l)) {
      gibbs_.update(l, states, round, nullptr, &states[l]);
      continue;
    }
    bringFields(l, states);
    gibbs_.redraw(l, states, round, nullptr, &states[l]);
  }
}

}  // namespace boltzkit
