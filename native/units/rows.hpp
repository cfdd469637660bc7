// Whole rows of units by their definitions, place by place: what a backend falls back on for any type it has no kernel for.
// Row pointers run over the places of a layer; `p` and `stride` are the parameters of its first place (see UnitView).
#pragma once
#include <cstddef>

#include "units/units.hpp"

namespace boltzkit {

// The layer's units as one row function sees them.
template <class Real>
struct RowUnits {
  const Real* p;
  std::size_t stride;
  std::uint32_t size;
  std::size_t places;
  UnitView<Real> at(std::size_t place) const { return {p + place, stride, size}; }
};

// The total that a group of counts keeps; 0 where there are no states to keep it from.
template <class Unit, class Real>
Real groupTotal(const Real* states, std::size_t size) {
  Real total = 0;
  if (states)
    for (std::size_t k = 0; k < size; ++k) total += states[k];
  return total;
}

// Draws one unit's state; field, before and state point to its first place. A grouped type takes its total from the state before (which may
// be in the same memory).
template <class Unit, class Real>
void redraw(UnitView<Real> unit, const Real* field, Real beta, Draw draw, RowWords& words, std::uint64_t firstWord, const Real* before,
            Real* state) {
  if constexpr (Unit::grouped) {
    const Real total = groupTotal<Unit>(before, unit.size);
    if (draw == Draw::sample) Unit::sample(field, beta, unit, total, words, firstWord, state);
    if (draw == Draw::mean) Unit::mean(field, beta, unit, total, state);
    if (draw == Draw::mode) Unit::mode(field, unit, total, state);
  } else {
    if (draw == Draw::sample) *state = Unit::sample(*field, beta, unit, words, firstWord);
    if (draw == Draw::mean) *state = Unit::mean(*field, beta, unit);
    if (draw == Draw::mode) *state = Unit::mode(*field, unit);
  }
}

// Means and new states; either may be null. `before` are the states that the draw replaces (it may be the new states' own memory).
template <class Unit, class Real>
void updateRow(const RowUnits<Real>& units, const Real* field, Real beta, Draw draw, const Real* before, RowWords& words, Real* mean,
               Real* sample) {
  const std::size_t size = Unit::grouped ? units.size : 1;
  for (std::size_t j = 0, unit = 0; j < units.places; j += size, ++unit) {
    if constexpr (Unit::grouped) {
      if (mean) Unit::mean(field + j, beta, units.at(j), groupTotal<Unit>(before ? before + j : nullptr, size), mean + j);
    } else {
      if (mean) mean[j] = Unit::mean(field[j], beta, units.at(j));
    }
    if (sample)
      redraw<Unit>(units.at(j), field + j, beta, draw, words, unit * Unit::words(units.size), before ? before + j : nullptr, sample + j);
  }
}

// A sweep over one row: the units order[0], order[1], ... (0, 1, ... if null), each given the newest states of the others; lateral(j) is
// their field on place j. field and keep may be null. `scratch` has room for the places of one unit.
template <class Unit, class Real, class Lateral>
void sweepRow(const RowUnits<Real>& units, const std::uint32_t* order, const Real* field, const Real* keep, Real beta, Draw draw,
              RowWords& words, Lateral&& lateral, Real* scratch, Real* states) {
  const std::size_t size = Unit::grouped ? units.size : 1, count = units.places / size;
  for (std::size_t p = 0; p < count; ++p) {
    const std::size_t j = (order ? order[p] : p) * size;
    if (keep && keep[j] != 0) continue;
    for (std::size_t k = 0; k < size; ++k) scratch[k] = (field ? field[j + k] : 0) + lateral(j + k);
    redraw<Unit>(units.at(j), scratch, beta, draw, words, p * Unit::words(units.size), states + j, states + j);
  }
}

// The likeliest states.
template <class Unit, class Real>
void modeRow(const RowUnits<Real>& units, const Real* field, const Real* before, Real* out) {
  if constexpr (Unit::grouped) {
    for (std::size_t j = 0; j < units.places; j += units.size)
      Unit::mode(field + j, units.at(j), groupTotal<Unit>(before ? before + j : nullptr, units.size), out + j);
  } else {
    for (std::size_t j = 0; j < units.places; ++j) out[j] = Unit::mode(field[j], units.at(j));
  }
}

// Draws binary values whose means are the values between 0 and 1; missing ones (NaN) stay. Words are only made where there is something to draw.
template <class Real>
void drawBinaryRow(RowWords& words, std::size_t places, Real* states) {
  for (std::size_t j = 0; j < places; ++j)
    if (states[j] > 0 && states[j] < 1) states[j] = uniform<Real>(words(j)) < states[j] ? Real(1) : Real(0);
}

// sum_j cumulant(field_j); field(j) gives the field on place j.
template <class Unit, class Real>
double cumulantRow(const RowUnits<Real>& units, const Real* field, Real beta, const Real* before) {
  double sum = 0;
  if constexpr (Unit::grouped) {
    for (std::size_t j = 0; j < units.places; j += units.size)
      sum += static_cast<double>(Unit::cumulant(field + j, beta, units.at(j), groupTotal<Unit>(before ? before + j : nullptr, units.size)));
  } else {
    for (std::size_t j = 0; j < units.places; ++j) sum += static_cast<double>(Unit::cumulant(field[j], beta, units.at(j)));
  }
  return sum;
}

template <class Unit, class Real>
double energyRow(const RowUnits<Real>& units, const Real* states) {
  double sum = 0;
  if constexpr (Unit::grouped) {
    for (std::size_t j = 0; j < units.places; j += units.size) sum += static_cast<double>(Unit::energy(states + j, units.at(j)));
  } else {
    for (std::size_t j = 0; j < units.places; ++j) sum += static_cast<double>(Unit::energy(states[j], units.at(j)));
  }
  return sum;
}

// sums [parameters, sumStride] += weight * statistics of the states of places first ... last - 1, or, when `field` is not null, of
// their means given the field (scalar types; linear ones take means as states).
template <class Unit, class Real>
void addStatistics(const RowUnits<Real>& units, const Real* states, const Real* field, double weight, std::size_t first, std::size_t last,
                   std::size_t sumStride, double* sums) {
  for (std::size_t j = first; j < last; ++j) {
    Real statistic[Unit::parameters];
    if constexpr (!Unit::linear) {
      if (field)
        Unit::expected(field[j], Real(1), units.at(j), statistic);
      else
        Unit::statistics(states[j], units.at(j), statistic);
    } else {
      Unit::statistics(states[j], units.at(j), statistic);
    }
    for (std::size_t k = 0; k < Unit::parameters; ++k) sums[k * sumStride + j] += weight * static_cast<double>(statistic[k]);
  }
}

}  // namespace boltzkit
