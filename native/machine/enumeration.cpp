#include "machine/enumeration.hpp"

#include <cstdio>

#include <algorithm>
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
  return each == 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(layer.places / groupSize(layer)) * std::log(each);
}

// The cheapest set of free layers that contains an end of every coupling between free layers.
class Cover {
 public:
  Cover(const Wiring& wiring, const std::vector<bool>& given) : wiring_(wiring), given_(given), taken_(given.size(), false) { extend(0); }
  const std::vector<bool>& best() const { return best_; }
  double cost() const { return cost_; }

 private:
  // Branches on the two ends of the first uncovered coupling. The first descent always ends in a
  // cover; maxTries bounds the search after it.
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

// The states of one enumerated layer, row by row.
struct Digits {
  // Takes this layer's digits off `number` and writes row 0.
  Digits(const Layer& described, std::size_t index, std::size_t rows, std::uint64_t& number)
      : layer(index),
        size(groupSize(described)),
        each(static_cast<std::uint64_t>(statesOfUnit(described))),
        state(described.places / size),
        values(rows * described.places) {
    for (std::uint64_t n = 0; n < each; ++n)
      for (std::size_t k = 0; k < size; ++k) places.push_back(static_cast<float>(valueOfState(described, n, k)));
    for (std::size_t unit = 0; unit < state.size(); ++unit, number /= each) {
      state[unit] = number % each;
      writeUnit(0, unit);
    }
  }

  // Writes the previous row, plus one if `carry`. Returns the carry.
  bool writeRow(std::size_t row, bool carry) {
    const std::size_t width = state.size() * size;
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>((row - 1) * width), width,
                values.begin() + static_cast<std::ptrdiff_t>(row * width));
    for (std::size_t unit = 0; carry && unit < state.size(); ++unit) {
      carry = ++state[unit] == each;
      if (carry) state[unit] = 0;
      writeUnit(row, unit);
    }
    return carry;
  }

  std::size_t layer, size;
  std::uint64_t each;
  std::vector<std::uint64_t> state;  // state of every unit in the last row written
  std::vector<float> places;         // [states of a unit, size]
  std::vector<float> values;         // [rows, places of the layer]

 private:
  void writeUnit(std::size_t row, std::size_t unit) {
    std::copy_n(places.begin() + static_cast<std::ptrdiff_t>(state[unit] * size), size,
                values.begin() + static_cast<std::ptrdiff_t>((row * state.size() + unit) * size));
  }
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

// A joint state is a number whose digits are the states of the units, lowest digits in the first
// enumerated layer. Few digits change from row to row, so each row starts as a copy of the previous
// one.
void Enumeration::write(std::uint64_t first, States& states) const {
  const std::size_t rows = states.rows();
  std::uint64_t above = first % static_cast<std::uint64_t>(states_);
  std::vector<Digits> all;
  for (std::size_t l = 0; l < counted_.size(); ++l)
    if (counted_[l]) all.emplace_back(machine_.wiring().layers()[l], l, rows, above);
  for (std::size_t r = 1; r < rows; ++r) {
    bool carry = true;
    for (Digits& digits : all) carry = digits.writeRow(r, carry);
  }
  for (const Digits& digits : all) machine_.backend().upload(std::span<const float>(digits.values), states[digits.layer]);
}

std::string countText(double n) {
  char text[32];
  std::snprintf(text, sizeof text, n < 1e15 ? "%.0f" : "%.3g", n);
  return text;
}

}  // namespace boltzkit
