#include "likelihood/unit_conditionals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "likelihood/log_sum.hpp"
#include "machine/enumeration.hpp"

namespace boltzkit {
namespace {

// Of the trapezoidal rule for a Gaussian unit, in standard deviations.
constexpr double nodeStep = 0.75, beyondReach = 9;
// Nodes of a unit whose weights are small.
constexpr double usualNodes = 40;

bool coupledToOthers(const Machine& machine, const std::vector<bool>& given, std::size_t layer) {
  for (std::size_t other = 0; other < given.size(); ++other)
    if (!given[other] && machine.wiring().coupled(layer, other)) return true;
  return false;
}

bool hasBounds(const Layer& layer) {
  return visitUnit(layer.type, [&](auto unit) {
    using Unit = decltype(unit);
    const UnitDomain domain = Unit::domain(layer.size);
    return !Unit::keepsTotal && domain.low > -unbounded && domain.high < unbounded;
  });
}

}  // namespace

std::optional<std::string> UnitConditionals::obstacle(const Machine& machine, const std::vector<bool>& given, std::size_t layer) {
  const std::vector<Layer>& layers = machine.wiring().layers();
  const Layer& here = layers[layer];
  if (keepsTotal(here.type))
    return "layer '" + here.name + "' of counts is one unit with a total that depends on the row; it has no pseudo-likelihood";
  if (!coupledToOthers(machine, given, layer) || statesOfUnit(here) > 0) return std::nullopt;
  if (here.type != UnitType::gaussian)
    return "units of layer '" + here.name + "' have more values than can be counted; give rows of all layers";
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (!given[l] && machine.wiring().coupled(layer, l) && !hasBounds(layers[l]))
      return "units of layers '" + here.name + "' and '" + layers[l].name +
             "' both have more values than can be counted; give rows of all layers";
  return std::nullopt;
}

double UnitConditionals::valuesPerUnit(const Machine& machine, const std::vector<bool>& given, std::size_t layer) {
  if (!coupledToOthers(machine, given, layer)) return 0;
  const double states = statesOfUnit(machine.wiring().layers()[layer]);
  return states > 0 ? states : usualNodes;
}

UnitConditionals::UnitConditionals(const Machine& machine, const std::vector<bool>& given, std::size_t rows)
    : machine_(machine), givenLayers_(given), given_(given.size()), fields_(given.size()), without_(given.size()) {
  Backend& backend = machine.backend();
  sums_ = backend.doubles(rows);
  for (std::size_t l = 0; l < given.size(); ++l) {
    if (!given[l]) {
      fields_[l] = backend.tensor(rows, machine.places(l));
      continue;
    }
    Given& here = given_[l];
    here.fields = backend.tensor(rows, machine.places(l));
    here.parameters = valuesOf(backend, machine.unitParameters(l));
    orient(l, here);
    if (here.neighbours.empty()) continue;
    if (machine.wiring().layers()[l].type == UnitType::gaussian) addReach(l, here);
    if (groupSize(machine.wiring().layers()[l]) == 1) continue;
    here.one = backend.tensor(rows, machine.places(l));
    for (const Neighbour& n : here.neighbours)
      if (!without_[n.layer]) without_[n.layer] = backend.tensor(rows, machine.places(n.layer));
  }
}

// Finds the neighbours of a given layer and brings their weights into the form [places, places of
// the neighbour].
void UnitConditionals::orient(std::size_t layer, Given& given) const {
  const std::vector<Coupling>& couplings = machine_.wiring().couplings();
  for (std::size_t c = 0; c < couplings.size(); ++c) {
    const Coupling& coupling = couplings[c];
    if (coupling.lateral() || (coupling.a != layer && coupling.b != layer)) continue;
    const bool first = coupling.a == layer;
    const std::size_t other = first ? coupling.b : coupling.a;
    if (givenLayers_[other]) continue;
    Neighbour n{other, &machine_.weights(c), nullptr};
    if (!first) {
      const std::size_t rows = machine_.places(layer), cols = machine_.places(other);
      const std::vector<double> values = valuesOf(machine_.backend(), machine_.weights(c));
      std::vector<double> turned(values.size());
      for (std::size_t j = 0; j < cols; ++j)
        for (std::size_t i = 0; i < rows; ++i) turned[i * cols + j] = values[j * rows + i];
      n.own = machine_.backend().tensor(rows, cols);
      machine_.backend().upload(std::span<const double>(turned), *n.own);
      n.weights = n.own.get();
    }
    given.neighbours.push_back(std::move(n));
  }
}

void UnitConditionals::addReach(std::size_t layer, Given& given) const {
  const std::size_t places = machine_.places(layer);
  given.down.assign(places, 0.0);
  given.up.assign(places, 0.0);
  for (const Neighbour& n : given.neighbours) {
    const Layer& other = machine_.wiring().layers()[n.layer];
    const std::size_t group = groupSize(other);
    const UnitDomain domain = visitUnit(other.type, [&](auto unit) { return decltype(unit)::domain(other.size); });
    const std::vector<double> weights = valuesOf(machine_.backend(), *n.weights);
    for (std::size_t i = 0; i < places; ++i)
      for (std::size_t j = 0; j < other.places; j += group) {
        const double* w = weights.data() + i * other.places + j;
        // A grouped unit has one of its places.
        const auto [least, most] = std::minmax_element(w, w + group);
        given.down[i] += group > 1 ? *least : std::min(domain.low * *w, domain.high * *w);
        given.up[i] += group > 1 ? *most : std::max(domain.low * *w, domain.high * *w);
      }
  }
}

void UnitConditionals::load(const States& states) {
  Backend& backend = machine_.backend();
  const std::size_t rows = states.rows();
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (!givenLayers_[l]) {
      fields_[l]->setRows(rows);
      layerFields(machine_, l, states, givenLayers_, *fields_[l]);
      continue;
    }
    Given& here = given_[l];
    here.fields->setRows(rows);
    layerFields(machine_, l, states, givenLayers_, *here.fields);
    addLateralFields(machine_, l, states, *here.fields);
    here.field = valuesOf(backend, *here.fields);
    here.states = valuesOf(backend, states[l]);
  }
  amount_.resize(rows);
  part_.resize(rows);
  place_.resize(rows);
}

void UnitConditionals::logProbabilities(std::size_t layer, Picked unit, std::span<double> out) {
  if (given_[layer].neighbours.empty()) return direct(layer, unit, out);
  if (statesOfUnit(machine_.wiring().layers()[layer]) > 0) return summed(layer, unit, out);
  integrated(layer, unit, out);
}

double UnitConditionals::ownTerm(std::size_t layer, std::size_t r, std::size_t unit, const double* x) const {
  const Layer& described = machine_.wiring().layers()[layer];
  const Given& given = given_[layer];
  const std::size_t group = groupSize(described), first = unit * group;
  const double* field = given.field.data() + r * described.places + first;
  double value = 0;
  for (std::size_t k = 0; k < group; ++k) value += field[k] * x[k];
  return value - visitUnit(described.type, [&](auto type) {
           using Unit = decltype(type);
           const UnitView<double> view{given.parameters.data() + first, described.places, described.size};
           if constexpr (Unit::grouped)
             return Unit::energy(x, view);
           else
             return Unit::energy(*x, view);
         });
}

void UnitConditionals::direct(std::size_t layer, Picked unit, std::span<double> out) const {
  const Layer& described = machine_.wiring().layers()[layer];
  const Given& given = given_[layer];
  const std::size_t group = groupSize(described);
  for (std::size_t r = 0; r < out.size(); ++r) {
    const std::size_t first = unit[r] * group, at = r * described.places + first;
    out[r] = ownTerm(layer, r, unit[r], given.states.data() + at) - visitUnit(described.type, [&](auto type) {
               using Unit = decltype(type);
               const UnitView<double> view{given.parameters.data() + first, described.places, described.size};
               if constexpr (Unit::grouped)
                 return Unit::cumulant(given.field.data() + at, 1.0, view, 1.0);
               else
                 return Unit::cumulant(given.field[at], 1.0, view);
             });
  }
}

// out[r] = the cumulants of all neighbours, their fields shifted by amount_[r] times the weights of
// place[r]; `without`: the fields without the unit.
void UnitConditionals::addCumulants(const Given& given, bool without, Picked place, std::span<double> out) {
  bool more = false;
  for (const Neighbour& n : given.neighbours) {
    const FieldShift shift{n.weights, place, amount_};
    machine_.backend().cumulants(machine_.unitsOf(n.layer), without ? *without_[n.layer] : *fields_[n.layer], 1, &shift,
                                 {sums_.get(), 1, more});
    more = true;
  }
  machine_.backend().read(*sums_, out);
}

// Takes what unit[r] adds to the fields of the neighbours away from row r.
void UnitConditionals::withoutUnits(std::size_t layer, Picked unit) {
  Given& given = given_[layer];
  const std::size_t places = machine_.places(layer), group = groupSize(machine_.wiring().layers()[layer]);
  std::vector<double> one(unit.size() * places, 0.0);
  for (std::size_t r = 0; r < unit.size(); ++r)
    std::copy_n(given.states.begin() + static_cast<std::ptrdiff_t>(r * places + unit[r] * group), group,
                one.begin() + static_cast<std::ptrdiff_t>(r * places + unit[r] * group));
  given.one->setRows(unit.size());
  machine_.backend().upload(std::span<const double>(one), *given.one);
  for (const Neighbour& n : given.neighbours) {
    without_[n.layer]->setRows(unit.size());
    machine_.backend().axpby(1, *fields_[n.layer], 0, *without_[n.layer]);
    const FieldTerm term{given.one.get(), n.weights, false, -1};
    machine_.backend().fields(std::span(&term, 1), true, *without_[n.layer]);
  }
}

void UnitConditionals::summed(std::size_t layer, Picked unit, std::span<double> out) {
  const Layer& described = machine_.wiring().layers()[layer];
  const Given& given = given_[layer];
  const std::size_t group = groupSize(described), rows = out.size();
  const auto count = static_cast<std::size_t>(statesOfUnit(described));
  if (group > 1) withoutUnits(layer, unit);
  std::vector<LogSum> all(rows);
  std::vector<double> x(group);
  std::fill(out.begin(), out.end(), 0.0);
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t j = 0; j < group; ++j) x[j] = valueOfState(described, k, j);
    for (std::size_t r = 0; r < rows; ++r) {
      // State k of a grouped unit has a 1 in place k.
      place_[r] = static_cast<std::uint32_t>(unit[r] * group + (group > 1 ? k : 0));
      amount_[r] = group > 1 ? 1 : x[0] - given.states[r * described.places + unit[r]];
    }
    addCumulants(given, group > 1, place_, part_);
    for (std::size_t r = 0; r < rows; ++r) {
      const double term = part_[r] + ownTerm(layer, r, unit[r], x.data());
      all[r].add(term);
      const double* state = given.states.data() + r * described.places + unit[r] * group;
      const double share = visitUnit(described.type, [&](auto type) { return decltype(type)::share(k, state); });
      if (share != 0) out[r] += share * term;
    }
  }
  for (std::size_t r = 0; r < rows; ++r) out[r] -= all[r].value();
}

void UnitConditionals::integrated(std::size_t layer, Picked unit, std::span<double> out) {
  const std::size_t places = machine_.places(layer), rows = out.size();
  const Given& given = given_[layer];
  std::vector<double> start(rows), step(rows);
  double nodes = 1;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t i = unit[r];
    const double precision = std::exp(given.parameters[places + i]), deviation = 1 / std::sqrt(precision);
    const double centre = given.field[r * places + i] + given.parameters[i];
    start[r] = (centre + given.down[i]) / precision - beyondReach * deviation;
    step[r] = nodeStep * deviation;
    nodes = std::max(nodes, std::ceil(((given.up[i] - given.down[i]) / precision + 2 * beyondReach * deviation) / step[r]) + 1);
  }
  if (!(nodes <= mostNodes)) return std::fill(out.begin(), out.end(), std::numeric_limits<double>::quiet_NaN());
  const auto value = [&](std::size_t r) { return given.states[r * places + unit[r]]; };
  std::fill(amount_.begin(), amount_.end(), 0.0);
  addCumulants(given, false, unit, out);
  for (std::size_t r = 0; r < rows; ++r) {
    const double x = value(r);
    out[r] += ownTerm(layer, r, unit[r], &x);
  }
  std::vector<LogSum> all(rows);
  for (double node = 0; node < nodes; ++node) {
    for (std::size_t r = 0; r < rows; ++r) amount_[r] = start[r] + node * step[r] - value(r);
    addCumulants(given, false, unit, part_);
    for (std::size_t r = 0; r < rows; ++r) {
      const double x = start[r] + node * step[r];
      all[r].add(part_[r] + ownTerm(layer, r, unit[r], &x));
    }
  }
  for (std::size_t r = 0; r < rows; ++r) out[r] -= all[r].value() + std::log(step[r]);
}

}  // namespace boltzkit
