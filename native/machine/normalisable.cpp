#include "machine/normalisable.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace boltzkit {
namespace {

constexpr std::size_t noOffset = std::numeric_limits<std::size_t>::max();
// Relative to the diagonal. Smaller pivots are rounding errors.
constexpr double smallestPivot = 1e-12;

// Cholesky factorisation in place, row by row. Returns false if a pivot is not positive.
bool factorise(std::vector<std::vector<double>>& rows, const std::vector<std::size_t>& first) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double diagonal = rows[i].back();
    for (std::size_t j = first[i]; j <= i; ++j) {
      const std::size_t from = std::max(first[i], first[j]);
      const double* a = rows[i].data() - first[i];
      const double* b = rows[j].data() - first[j];
      double& entry = rows[i][j - first[i]];
      entry -= std::inner_product(a + from, a + j, b + from, 0.0);
      if (j < i) entry /= rows[j].back();
    }
    if (!(rows[i].back() > smallestPivot * diagonal)) return false;
    rows[i].back() = std::sqrt(rows[i].back());
  }
  return true;
}

}  // namespace

GaussianPrecision::GaussianPrecision(const Machine& machine) : machine_(machine), offsets_(machine.wiring().layers().size(), noOffset) {
  const Wiring& wiring = machine.wiring();
  auto gaussian = [&](std::size_t l) { return wiring.layers()[l].type == UnitType::gaussian; };
  for (std::size_t c = 0; c < wiring.couplings().size(); ++c)
    if (gaussian(wiring.couplings()[c].a) && gaussian(wiring.couplings()[c].b)) couplings_.push_back(c);
  for (std::size_t l = 0; l < offsets_.size(); ++l) {
    const auto takesPart = [&](std::size_t c) { return wiring.couplings()[c].a == l || wiring.couplings()[c].b == l; };
    if (std::none_of(couplings_.begin(), couplings_.end(), takesPart)) continue;
    layers_.push_back(l);
    offsets_[l] = first_.size();
    for (std::size_t i = 0; i < machine.places(l); ++i) first_.push_back(first_.size());
  }
  for (std::size_t c : couplings_) {
    const Coupling& k = wiring.couplings()[c];
    const std::size_t low = std::min(offsets_[k.a], offsets_[k.b]), high = offsets_[k.a] + offsets_[k.b] - low;
    if (k.graph)
      for (const Graph::Edge& e : k.graph->edges()) first_[low + e.second] = std::min(first_[low + e.second], low + e.first);
    else
      for (std::size_t i = 0; i < machine.places(offsets_[k.a] == high ? k.a : k.b); ++i)
        first_[high + i] = std::min(first_[high + i], low);
  }
}

std::vector<std::vector<double>> GaussianPrecision::matrix() const {
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < first_.size(); ++i) rows.emplace_back(i - first_[i] + 1, 0.0);
  for (std::size_t l : layers_) {
    const std::vector<double> parameters = valuesOf(machine_.backend(), machine_.unitParameters(l));
    const std::size_t n = machine_.places(l);
    for (std::size_t i = 0; i < n; ++i) rows[offsets_[l] + i].back() = std::exp(parameters[n + i]);
  }
  for (std::size_t c : couplings_)
    if (machine_.wiring().couplings()[c].graph)
      addGraph(c, rows);
    else
      addDense(c, rows);
  return rows;
}

void GaussianPrecision::addDense(std::size_t c, std::vector<std::vector<double>>& rows) const {
  const Coupling& k = machine_.wiring().couplings()[c];
  const std::vector<double> weights = valuesOf(machine_.backend(), machine_.weights(c));
  const std::size_t n = machine_.places(k.a), m = machine_.places(k.b);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < m; ++j) {
      const std::size_t p = offsets_[k.a] + i, q = offsets_[k.b] + j, row = std::max(p, q), col = std::min(p, q);
      if (row != col) rows[row][col - first_[row]] = -weights[i * m + j];
    }
}

void GaussianPrecision::addGraph(std::size_t c, std::vector<std::vector<double>>& rows) const {
  const Coupling& k = machine_.wiring().couplings()[c];
  const std::vector<double> weights = valuesOf(machine_.backend(), machine_.weights(c));
  for (std::size_t e = 0; e < weights.size(); ++e) {
    const std::size_t row = offsets_[k.a] + k.graph->edges()[e].second, col = offsets_[k.a] + k.graph->edges()[e].first;
    rows[row][col - first_[row]] = -weights[e];
  }
}

bool GaussianPrecision::positiveDefinite() const {
  std::vector<std::vector<double>> rows = matrix();
  return factorise(rows, first_);
}

void requireNormalisable(const Machine& machine) {
  if (Normalisable(machine).holds()) return;
  throw parameterError(
      "this machine has no distribution: units without bounds (gaussian, relu, doubleRelu) that are coupled to each other drive each other "
      "to "
      "infinity; Gaussian ones need diag(exp(logPrecision)) - weights to be positive definite; make the weights smaller or the precisions "
      "larger");
}

}  // namespace boltzkit
