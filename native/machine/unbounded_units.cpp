#include "machine/unbounded_units.hpp"

#include <algorithm>
#include <cmath>

namespace boltzkit {
namespace {

// The ratio W_ij x_i x_j / (x_i^2 / 2 + x_j^2 / 2), at its largest, counts as above 1 only beyond
// this value. Between 1 and this value rounding would decide.
constexpr double most = 1 + 1e-6;
constexpr int rounds = 60;

bool isUnbounded(const Layer& layer) {
  return visitUnit(layer.type, [&](auto unit) { return decltype(unit)::domain(layer.size).high == unbounded; });
}

// Calls visit(i, j, weight) for every weight between place i of layer a and place j of layer b. In
// a lateral coupling it visits each pair once.
template <class Visit>
void eachWeight(const Coupling& c, std::size_t cols, const std::vector<double>& values, Visit&& visit) {
  if (c.graph) {
    for (std::size_t e = 0; e < values.size(); ++e) visit(c.graph->edges()[e].first, c.graph->edges()[e].second, values[e]);
    return;
  }
  for (std::size_t i = 0; i * cols < values.size(); ++i)
    for (std::size_t j = c.lateral() ? i + 1 : 0; j < cols; ++j) visit(i, j, values[i * cols + j]);
}

void scaleDown(std::vector<std::vector<double>>& x) {
  double largest = 0;
  for (const std::vector<double>& places : x)
    for (const double place : places) largest = std::max(largest, std::fabs(place));
  for (std::vector<double>& places : x)
    for (double& place : places) place /= largest;
}

}  // namespace

UnboundedUnits::UnboundedUnits(const Machine& machine) : machine_(machine) {
  const Wiring& wiring = machine.wiring();
  for (std::size_t c = 0; c < wiring.couplings().size(); ++c)
    if (isUnbounded(wiring.layers()[wiring.couplings()[c].a]) && isUnbounded(wiring.layers()[wiring.couplings()[c].b]))
      couplings_.push_back(c);
  for (std::size_t l = 0; l < wiring.layers().size(); ++l) {
    const auto takesPart = [&](std::size_t c) { return wiring.couplings()[c].a == l || wiring.couplings()[c].b == l; };
    if (std::none_of(couplings_.begin(), couplings_.end(), takesPart)) continue;
    layers_.push_back(l);
    units_ += machine.places(l);
    allGaussian_ &= wiring.layers()[l].type == UnitType::gaussian;
  }
}

UnboundedUnits::Snapshot UnboundedUnits::snapshot() const {
  Snapshot s;
  const Wiring& wiring = machine_.wiring();
  std::vector<std::size_t> number(wiring.layers().size());
  for (const std::size_t l : layers_) {
    const Layer& layer = wiring.layers()[l];
    number[l] = s.layers.size();
    const std::vector<double> p = valuesOf(machine_.backend(), machine_.unitParameters(l));
    const auto scales = [&](std::size_t parameter) {
      std::vector<double> scale;
      for (std::size_t i = 0; i < layer.places; ++i) scale.push_back(std::exp(-p[parameter * layer.places + i] / 2));
      return scale;
    };
    s.layers.push_back({layer.places, layer.type != UnitType::relu, scales(1), scales(layer.type == UnitType::doubleRelu ? 3 : 1)});
  }
  for (const std::size_t c : couplings_) {
    const Coupling& k = wiring.couplings()[c];
    s.weights.push_back({number[k.a], number[k.b], &k, valuesOf(machine_.backend(), machine_.weights(c))});
    if (!k.lateral()) continue;
    const LayerScale& layer = s.layers[number[k.a]];
    std::vector<double> sums(layer.units, 0.0);
    eachWeight(k, layer.units, s.weights.back().values, [&](std::size_t i, std::size_t j, double w) {
      const double size = std::fabs(w) * std::max(layer.up[i], layer.down[i]) * std::max(layer.up[j], layer.down[j]);
      sums[i] += size;
      sums[j] += size;
    });
    s.weights.back().lateral = *std::max_element(sums.begin(), sums.end());
  }
  return s;
}

// Checks pairs of units. Q < 0 for some x if a weight exceeds the geometric mean of the two
// precisions and both units allow the signs of x that this weight favours.
bool UnboundedUnits::pairRunsAway(const Snapshot& s) {
  bool found = false;
  for (const Weights& w : s.weights) {
    const LayerScale &a = s.layers[w.a], &b = s.layers[w.b];
    eachWeight(*w.coupling, b.units, w.values, [&](std::size_t i, std::size_t j, double weight) {
      if (weight > 0) found |= weight * a.up[i] * b.up[j] > most || (a.negative && b.negative && weight * a.down[i] * b.down[j] > most);
      if (weight < 0) found |= (b.negative && -weight * a.up[i] * b.down[j] > most) || (a.negative && -weight * a.down[i] * b.up[j] > most);
    });
  }
  return found;
}

// x^T W x / x^T x; 0 for x = 0.
double UnboundedUnits::quotient(const Snapshot& s, const Direction& x) {
  double product = 0, squares = 0;
  for (const std::vector<double>& places : x)
    for (const double place : places) squares += place * place;
  for (const Weights& w : s.weights) {
    const LayerScale &a = s.layers[w.a], &b = s.layers[w.b];
    eachWeight(*w.coupling, b.units, w.values, [&](std::size_t i, std::size_t j, double weight) {
      product += 2 * weight * x[w.a][i] * a.scale(i, x[w.a][i]) * x[w.b][j] * b.scale(j, x[w.b][j]);
    });
  }
  return squares > 0 ? product / squares : 0;
}

// Each layer in turn takes the best places given the others (Gauss-Seidel), within the signs its
// states allow. This lowers Q, and ends at 0 if Q > 0 in all directions. Returns true if the
// quotient x^T W x / x^T x, in the scale where all precisions are 1, exceeds 1 on the way.
bool UnboundedUnits::climbs(const Snapshot& s, Direction x) {
  std::vector<double> field;
  double before = 0;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t l = 0; l < s.layers.size(); ++l) {
      const LayerScale& layer = s.layers[l];
      field.assign(layer.units, 0.0);
      double shift = 0;
      for (const Weights& w : s.weights) {
        const LayerScale &a = s.layers[w.a], &b = s.layers[w.b];
        if (w.a != l && w.b != l) continue;
        shift += w.lateral;
        eachWeight(*w.coupling, b.units, w.values, [&](std::size_t i, std::size_t j, double weight) {
          if (w.a == l) field[i] += weight * x[w.b][j] * b.scale(j, x[w.b][j]);
          if (w.b == l) field[j] += weight * x[w.a][i] * a.scale(i, x[w.a][i]);
        });
      }
      for (std::size_t i = 0; i < layer.units; ++i) {
        const double next = (shift * x[l][i] + field[i] * layer.scale(i, field[i])) / (1 + shift);
        x[l][i] = layer.negative ? next : std::max(next, 0.0);
      }
    }
    const double now = quotient(s, x);
    if (now > most) return true;
    if (!(now > 0) || (round > 5 && now - before < 1e-7)) return false;
    before = now;
    scaleDown(x);
  }
  return false;
}

bool UnboundedUnits::runAway() const {
  if (units_ == 0 || allGaussian_) return false;
  const Snapshot s = snapshot();
  if (pairRunsAway(s)) return true;
  Direction up, mixed;
  for (const LayerScale& layer : s.layers) {
    up.emplace_back(layer.units, 1.0);
    mixed.emplace_back(layer.units, layer.negative ? -1.0 : 1.0);
    for (std::size_t i = 0; layer.negative && i < layer.units; i += 2) mixed.back()[i] = 0.5;
  }
  return climbs(s, std::move(up)) || climbs(s, std::move(mixed));
}

}  // namespace boltzkit
