// Functions on whole rows of units, place by place, from the definitions of the unit types.
// Backends use them for every type without a kernel of its own. Row pointers run over the places of
// a layer; `p` and `stride` give the parameters of its first place (see UnitView).
#pragma once
#include <cmath>
#include <cstddef>

#include "units/units.hpp"

namespace boltzkit {

template <class Real>
struct RowUnits {
  const Real* p;
  std::size_t stride;
  std::uint32_t size;
  std::size_t places;
  BOLTZKIT_HD UnitView<Real> at(std::size_t place) const { return {p + place, stride, size}; }
};

// The total of a group of counts; 0 without states.
template <class Unit, class Real>
BOLTZKIT_HD Real groupTotal(const Real* states, std::size_t size) {
  Real total = 0;
  if (states)
    for (std::size_t k = 0; k < size; ++k) total += states[k];
  return total;
}

// Draws one unit's state. field, before and state point to the unit's first place. A grouped type
// takes its total from the previous state `before`, which may share memory with `state`.
template <class Unit, class Real>
BOLTZKIT_HD void redraw(UnitView<Real> unit, const Real* field, Real beta, Draw draw, RowWords& words, std::uint64_t firstWord,
                        const Real* before, Real* state) {
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

// Places of one unit.
template <class Unit, class Real>
BOLTZKIT_HD std::size_t unitSize(const RowUnits<Real>& units) {
  return Unit::grouped ? units.size : 1;
}

// Writes means and new states; either may be null. `before` holds the states that the draw replaces
// and may be the memory of the new states.
template <class Unit, class Real>
BOLTZKIT_HD void updateUnit(const RowUnits<Real>& units, std::size_t unit, const Real* field, Real beta, Draw draw, const Real* before,
                            RowWords& words, Real* mean, Real* sample) {
  const std::size_t size = unitSize<Unit>(units), j = unit * size;
  if constexpr (Unit::grouped) {
    if (mean) Unit::mean(field + j, beta, units.at(j), groupTotal<Unit>(before ? before + j : nullptr, size), mean + j);
  } else {
    if (mean) mean[j] = Unit::mean(field[j], beta, units.at(j));
  }
  if (sample)
    redraw<Unit>(units.at(j), field + j, beta, draw, words, unit * Unit::words(units.size), before ? before + j : nullptr, sample + j);
}

// The same for all units of a row.
template <class Unit, class Real>
BOLTZKIT_HD void updateRow(const RowUnits<Real>& units, const Real* field, Real beta, Draw draw, const Real* before, RowWords& words,
                           Real* mean, Real* sample) {
  const std::size_t count = units.places / unitSize<Unit>(units);
  for (std::size_t unit = 0; unit < count; ++unit) updateUnit<Unit>(units, unit, field, beta, draw, before, words, mean, sample);
}

// Sweeps one row: redraws the units order[0], order[1], ... (0, 1, ... if null), each given the
// newest states of the others. lateral(j) computes their field on place j. field and keep may be
// null. `scratch` has space for the places of one unit.
template <class Unit, class Real, class Lateral>
BOLTZKIT_HD void sweepRow(const RowUnits<Real>& units, const std::uint32_t* order, const Real* field, const Real* keep, Real beta,
                          Draw draw, RowWords& words, Lateral&& lateral, Real* scratch, Real* states) {
  const std::size_t size = Unit::grouped ? units.size : 1, count = units.places / size;
  for (std::size_t p = 0; p < count; ++p) {
    const std::size_t j = (order ? order[p] : p) * size;
    if (keep && keep[j] != 0) continue;
    for (std::size_t k = 0; k < size; ++k) scratch[k] = (field ? field[j + k] : 0) + lateral(j + k);
    redraw<Unit>(units.at(j), scratch, beta, draw, words, p * Unit::words(units.size), states + j, states + j);
  }
}

// The most probable state of every unit.
template <class Unit, class Real>
BOLTZKIT_HD void modeRow(const RowUnits<Real>& units, const Real* field, const Real* before, Real* out) {
  if constexpr (Unit::grouped) {
    for (std::size_t j = 0; j < units.places; j += units.size)
      Unit::mode(field + j, units.at(j), groupTotal<Unit>(before ? before + j : nullptr, units.size), out + j);
  } else {
    for (std::size_t j = 0; j < units.places; ++j) out[j] = Unit::mode(field[j], units.at(j));
  }
}

// Draws binary values whose means are the values in (0, 1); missing ones (NaN) stay. Random words
// are generated only for places that need a draw.
template <class Real>
BOLTZKIT_HD void drawBinaryPlace(RowWords& words, std::size_t place, Real* states) {
  Real& state = states[place];
  if (state > 0 && state < 1) state = uniform<Real>(words(place)) < state ? Real(1) : Real(0);
}
template <class Real>
BOLTZKIT_HD void drawBinaryRow(RowWords& words, std::size_t places, Real* states) {
  for (std::size_t j = 0; j < places; ++j) drawBinaryPlace(words, j, states);
}

// The whole number up to which the top 24 bits of a word make a place drop: the smallest one that
// is not below rate * 2^24.
inline double dropThreshold(double rate) { return std::ceil(rate * 0x1p24); }

// Drops a place where its word says so, and multiplies it by `scale` otherwise.
template <class Real>
BOLTZKIT_HD Real dropped(RowWords& words, std::size_t place, double threshold, Real scale, Real value) {
  return static_cast<double>(words(place) >> 8) < threshold ? Real(0) : scale * value;
}

// Drops places with probability `rate` and divides the others by 1 - rate. `out` may be `from`.
template <class Real>
BOLTZKIT_HD void dropRow(RowWords& words, double rate, const Real* from, std::size_t places, Real* out) {
  const Real scale = Real(1 / (1 - rate));
  const double threshold = dropThreshold(rate);
  for (std::size_t j = 0; j < places; ++j) out[j] = dropped(words, j, threshold, scale, from[j]);
}

// gradient *= the derivative of the means of a row by their fields, at beta = 1. Of a grouped unit
// with means m that add up to n, this is diag(m) - m m^T / n.
template <class Unit, class Real>
BOLTZKIT_HD void throughMeansUnit(const RowUnits<Real>& units, std::size_t unit, const Real* field, const Real* mean, Real* gradient) {
  const std::size_t size = unitSize<Unit>(units), j = unit * size;
  if constexpr (Unit::grouped) {
    Real dot = 0, total = 0;
    for (std::size_t k = j; k < j + size; ++k) {
      dot += mean[k] * gradient[k];
      total += mean[k];
    }
    const Real common = total > 0 ? dot / total : Real(0);
    for (std::size_t k = j; k < j + size; ++k) gradient[k] = mean[k] * (gradient[k] - common);
  } else if constexpr (Unit::linear) {
    gradient[j] *= static_cast<Real>(Unit::spread(static_cast<double>(mean[j]), static_cast<double>(units.size)));
  } else {
    gradient[j] *= Unit::variance(field[j], Real(1), units.at(j));
  }
}

template <class Unit, class Real>
BOLTZKIT_HD void throughMeansRow(const RowUnits<Real>& units, const Real* field, const Real* mean, Real* gradient) {
  const std::size_t count = units.places / unitSize<Unit>(units);
  for (std::size_t unit = 0; unit < count; ++unit) throughMeansUnit<Unit>(units, unit, field, mean, gradient);
}

// The cumulant of one unit, given the fields of its row.
template <class Unit, class Real>
BOLTZKIT_HD double cumulantOf(const RowUnits<Real>& units, std::size_t unit, const Real* field, Real beta, const Real* before) {
  const std::size_t size = unitSize<Unit>(units), j = unit * size;
  if constexpr (Unit::grouped)
    return static_cast<double>(Unit::cumulant(field + j, beta, units.at(j), groupTotal<Unit>(before ? before + j : nullptr, size)));
  else
    return static_cast<double>(Unit::cumulant(field[j], beta, units.at(j)));
}

// The sum of the cumulants of all units, given their fields.
template <class Unit, class Real>
BOLTZKIT_HD double cumulantRow(const RowUnits<Real>& units, const Real* field, Real beta, const Real* before) {
  const std::size_t count = units.places / unitSize<Unit>(units);
  double sum = 0;
  for (std::size_t unit = 0; unit < count; ++unit) sum += cumulantOf<Unit>(units, unit, field, beta, before);
  return sum;
}

template <class Unit, class Real>
BOLTZKIT_HD double energyOf(const RowUnits<Real>& units, std::size_t unit, const Real* states) {
  const std::size_t j = unit * unitSize<Unit>(units);
  if constexpr (Unit::grouped)
    return static_cast<double>(Unit::energy(states + j, units.at(j)));
  else
    return static_cast<double>(Unit::energy(states[j], units.at(j)));
}

template <class Unit, class Real>
BOLTZKIT_HD double energyRow(const RowUnits<Real>& units, const Real* states) {
  const std::size_t count = units.places / unitSize<Unit>(units);
  double sum = 0;
  for (std::size_t unit = 0; unit < count; ++unit) sum += energyOf<Unit>(units, unit, states);
  return sum;
}

// The statistics of one place: see addStatistics.
template <class Unit, class Real>
BOLTZKIT_HD void statisticsOf(const RowUnits<Real>& units, std::size_t place, const Real* states, const Real* field, Real* out) {
  if constexpr (!Unit::linear) {
    if (field) return Unit::expected(field[place], Real(1), units.at(place), out);
  }
  Unit::statistics(states[place], units.at(place), out);
}

// sums [parameters, sumStride] += weight * statistics of places first ... last - 1. Uses the
// states, or, if `field` is not null and the type is not linear, the statistics' means given the
// field. Linear types take means as states.
template <class Unit, class Real>
BOLTZKIT_HD void addStatistics(const RowUnits<Real>& units, const Real* states, const Real* field, double weight, std::size_t first,
                               std::size_t last, std::size_t sumStride, double* sums) {
  for (std::size_t j = first; j < last; ++j) {
    Real statistic[Unit::parameters];
    statisticsOf<Unit>(units, j, states, field, statistic);
    for (std::size_t k = 0; k < Unit::parameters; ++k) sums[k * sumStride + j] += weight * static_cast<double>(statistic[k]);
  }
}

// The variance at beta = 1 of one place of a row, given its field. Linear types compute it from the
// means of the row, all others from its fields.
template <class Unit, class Real>
BOLTZKIT_HD double conditionalVariance(const RowUnits<Real>& units, const Real* means, const Real* fields, std::size_t place) {
  if constexpr (Unit::linear) {
    double total = units.size;
    if constexpr (Unit::grouped) {
      const Real* first = means + place / units.size * units.size;
      total = 0;
      for (std::uint32_t k = 0; k < units.size; ++k) total += static_cast<double>(first[k]);
    }
    return Unit::spread(static_cast<double>(means[place]), total);
  } else {
    double parameters[Unit::parameters];
    for (std::size_t k = 0; k < Unit::parameters; ++k) parameters[k] = static_cast<double>(units.at(place)[k]);
    return Unit::variance(static_cast<double>(fields[place]), 1.0, UnitView<double>{parameters, 1, units.size});
  }
}

// first and second [places] += weight * (d, d^2 + variance), d = values - centre, of the places
// from `begin` to before `end`. The variance is conditionalVariance if `means`, else 0.
template <class Unit, class Real>
BOLTZKIT_HD void addMoments(const RowUnits<Real>& units, const Real* values, const Real* centre, bool means, const Real* fields,
                            double weight, std::size_t begin, std::size_t end, double* first, double* second) {
  for (std::size_t j = begin; j < end; ++j) {
    const double d = static_cast<double>(values[j]) - static_cast<double>(centre[j]);
    const double within = means ? conditionalVariance<Unit>(units, values, fields, j) : 0;
    first[j] += weight * d;
    second[j] += weight * (d * d + within);
  }
}

}  // namespace boltzkit
