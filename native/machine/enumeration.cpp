#include "machine/enumeration.hpp"

#include <cmath>
#include <limits>

namespace boltzkit {

double statesOfUnit(const Layer& layer) {
  return visitUnit(layer.type, [&](auto unit) { return decltype(unit)::states(layer.size); });
}

double valueOfState(const Layer& layer, std::uint64_t number, std::size_t k) {
  return visitUnit(layer.type, [&](auto unit) { return decltype(unit)::state(number, k); });
}

namespace {

double logStates(const Layer& layer) {
  const double each = statesOfUnit(layer);
  return each == 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(layer.units / groupSize(layer)) * std::log(each);
}

// The cheapest set of free layers that contains an end of every coupling between free layers.
class Cover {
 public:
  Cover(const Wiring& wiring, const std::vector<bool>& given) : wiring_(wiring), given_(given), taken_(given.size(), false) { extend(0); }
  const std::vector<bool>& best() const { return best_; }
  double cost() const { return cost_; }

 private:
  // Tries both ends of the first coupling that is still open. The first dive always ends in a cover; the number of tries is bounded.
  void extend(double cost) {
    if (!best_.empty() && (cost >= cost_ || ++tries_ > maxTries)) return;
    for (const Coupling& c : wiring_.couplings()) {
      if (given_[c.a] || given_[c.b] || taken_[c.a] || taken_[c.b]) continue;
      const bool aFirst = logStates(wiring_.layers()[c.a]) <= logStates(wiring_.layers()[c.b]);
      take(aFirst ? c.a : c.b, cost);
      if (!c.lateral()) take(aFirst ? c.b : c.a, cost);
      return;
    }
    best_ = taken_;
    cost_ = cost;
  }

  void take(std::size_t layer, double cost) {
    taken_[layer] = true;
    extend(cost + logStates(wiring_.layers()[layer]));
    taken_[layer] = false;
  }

  static constexpr int maxTries = 100000;
  const Wiring& wiring_;
  const std::vector<bool>& given_;
  std::vector<bool> taken_, best_;
  double cost_ = 0;
  int tries_ = 0;
};

}  // namespace

Enumeration::Enumeration(const Machine& machine, const std::vector<bool>& given) : machine_(machine) {
  const Cover cover(machine.wiring(), given);
  counted_ = cover.best();
  states_ = std::isinf(cover.cost()) ? cover.cost() : std::round(std::exp(cover.cost()));
}

std::string Enumeration::names() const {
  std::string names;
  for (std::size_t l = 0; l < counted_.size(); ++l)
    if (counted_[l]) names += (names.empty() ? "'" : ", '") + machine_.wiring().layers()[l].name + "'";
  return names;
}

void Enumeration::write(std::uint64_t first, States& states) const {
  std::vector<std::uint64_t> rest(states.rows());
  const auto all = static_cast<std::uint64_t>(states_);
  for (std::size_t r = 0; r < rest.size(); ++r) rest[r] = (first + r) % all;
  std::vector<float> values;
  for (std::size_t l = 0; l < counted_.size(); ++l) {
    if (!counted_[l]) continue;
    const Layer& layer = machine_.wiring().layers()[l];
    const std::size_t group = groupSize(layer);
    const auto each = static_cast<std::uint64_t>(statesOfUnit(layer));
    values.resize(rest.size() * layer.units);
    for (std::size_t r = 0; r < rest.size(); ++r)
      for (std::size_t j = 0; j < layer.units; j += group, rest[r] /= each)
        for (std::size_t k = 0; k < group; ++k)
          values[r * layer.units + j + k] = static_cast<float>(valueOfState(layer, rest[r] % each, k));
    machine_.backend().upload(std::span<const float>(values), states[l]);
  }
}

}  // namespace boltzkit
