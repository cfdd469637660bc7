#include "learning/scales.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "learning/start_values.hpp"

namespace boltzkit {
namespace {

// Conditional variances of a row of units. Types with linear statistics compute them from their
// means, all others from their fields.
void variancesOf(const Layer& layer, const std::vector<double>& parameters, const double* means, const double* fields, double* out) {
  visitUnit(layer.type, [&](auto unit) {
    using Unit = decltype(unit);
    const std::size_t group = groupSize(layer);
    for (std::size_t j = 0; j < layer.places; ++j) {
      if constexpr (Unit::linear) {
        const double* first = means + j / group * group;
        out[j] = Unit::spread(means[j], Unit::grouped ? std::accumulate(first, first + group, 0.0) : layer.size);
      } else {
        out[j] = Unit::variance(fields[j], 1.0, UnitView<double>{parameters.data() + j, layer.places, layer.size});
      }
    }
  });
}

// Weighted mean and variance of columns. Sums differences from the first value, to avoid
// cancellation.
class Columns {
 public:
  explicit Columns(std::size_t n) : shift_(n, NAN), weight_(n, 0), sum_(n, 0), squares_(n, 0) {}
  void add(const double* row, double weight) {
    for (std::size_t j = 0; j < shift_.size(); ++j) {
      if (std::isnan(row[j])) continue;
      if (std::isnan(shift_[j])) shift_[j] = row[j];
      const double x = row[j] - shift_[j];
      weight_[j] += weight;
      sum_[j] += weight * x;
      squares_[j] += weight * x * x;
    }
  }
  // Variance of these values pooled with `count` others of this mean and variance.
  double variance(std::size_t j, double count, double mean, double variance) const {
    const double all = count + weight_[j];
    if (!(weight_[j] > 0)) return count > 0 ? variance : 0;
    const double from = sum_[j] / weight_[j], own = std::max(0.0, squares_[j] / weight_[j] - from * from);
    if (!(count > 0)) return own;
    const double apart = shift_[j] + from - mean;
    return (count * variance + weight_[j] * own + count * weight_[j] / all * apart * apart) / all;
  }

 private:
  std::vector<double> shift_, weight_, sum_, squares_;
};

}  // namespace

Scales::Scales(const Machine& machine, const std::vector<bool>& given) : machine_(machine), given_(given) {
  for (std::size_t l = 0; l < given.size(); ++l) {
    variances_.push_back(machine.backend().tensor(1, machine.places(l)));
    first_.emplace_back(machine.places(l), 0.0);
    second_.emplace_back(machine.places(l), 0.0);
  }
  for (const Coupling& c : machine.wiring().couplings()) {
    rows_.push_back(c.graph ? nullptr : machine.backend().tensor(1, machine.places(c.a)));
    cols_.push_back(machine.backend().tensor(1, c.graph ? c.graph->weights() : machine.places(c.b)));
  }
}

void Scales::fromData(const LayerData& data, std::span<const double> rowWeights, const Stream* before, const Cancelled& cancelled) {
  std::vector<Columns> columns;
  for (std::size_t l = 0; l < given_.size(); ++l) columns.emplace_back(machine_.places(l));
  forEachChunk(machine_, data, cancelled, [&](std::size_t first, States& states) {
    for (std::size_t l = 0; l < given_.size(); ++l) {
      if (!given_[l]) continue;
      const std::vector<double> values = valuesOf(machine_.backend(), states[l]);
      for (std::size_t r = 0; r < states.rows(); ++r)
        columns[l].add(values.data() + r * machine_.places(l), rowWeights.empty() ? 1 : rowWeights[first + r]);
    }
  });
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (!given_[l]) continue;
    std::vector<double> v = valuesOf(machine_.backend(), *variances_[l]);
    const std::vector<double> none(v.size(), 0.0);
    const std::vector<double> counts = before ? valuesOf(machine_.backend(), *before->seen[l]) : none;
    const std::vector<double> means = before ? valuesOf(machine_.backend(), *before->means[l]) : none;
    for (std::size_t j = 0; j < v.size(); ++j) v[j] = columns[l].variance(j, std::min(counts[j], rowsRemembered), means[j], v[j]);
    machine_.backend().upload(std::span<const double>(v), *variances_[l]);
  }
}

void Scales::startOthers() {
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (given_[l]) continue;
    const std::size_t n = machine_.places(l);
    const TensorPtr noField = machine_.backend().tensor(1, n), mean = machine_.backend().tensor(1, n);
    machine_.backend().updateUnits({machine_.unitsOf(l)}, *noField, mean.get(), nullptr);
    const std::vector<double> means = valuesOf(machine_.backend(), *mean), fields(n, 0.0);
    std::vector<double> v(n);
    variancesOf(machine_.wiring().layers()[l], valuesOf(machine_.backend(), machine_.unitParameters(l)), means.data(), fields.data(),
                v.data());
    machine_.backend().upload(std::span<const double>(v), *variances_[l]);
  }
}

void Scales::add(const Phase& phase, const Tensor* rowWeights, double alpha, const std::vector<TensorPtr>& offsets) {
  const std::vector<double> weights = rowWeights ? valuesOf(machine_.backend(), *rowWeights) : std::vector<double>();
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (given_[l]) continue;
    const std::size_t n = machine_.places(l);
    const std::vector<double> values = valuesOf(machine_.backend(), phase.means[l] ? *phase.means[l] : phase.states[l]);
    const std::vector<double> fields = phase.fields[l] ? valuesOf(machine_.backend(), *phase.fields[l]) : std::vector<double>();
    const std::vector<double> parameters = valuesOf(machine_.backend(), machine_.unitParameters(l)),
                              offset = valuesOf(machine_.backend(), *offsets[l]);
    std::vector<double> within(n, 0.0);
    for (std::size_t r = 0; r < phase.states.rows(); ++r) {
      const double* s = values.data() + r * n;
      if (phase.means[l])
        variancesOf(machine_.wiring().layers()[l], parameters, s, fields.empty() ? nullptr : fields.data() + r * n, within.data());
      const double w = alpha * (weights.empty() ? 1 : weights[r]);
      for (std::size_t j = 0; j < n; ++j) {
        first_[l][j] += w * (s[j] - offset[j]);
        second_[l][j] += w * ((s[j] - offset[j]) * (s[j] - offset[j]) + within[j]);
      }
    }
  }
}

// With d = m - mu (m the mean of the batch) and Q = <(s - mu)^2>: the variance of a mixture of the
// old distribution, with weight 1 - rate, and the batch.
void Scales::follow(double rate) {
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (given_[l]) continue;
    std::vector<double> v = valuesOf(machine_.backend(), *variances_[l]);
    for (std::size_t j = 0; j < v.size(); ++j) {
      const double d = rate * first_[l][j];
      v[j] = std::max(0.0, (1 - rate) * v[j] + rate * second_[l][j] - d * d);
    }
    machine_.backend().upload(std::span<const double>(v), *variances_[l]);
    std::fill(first_[l].begin(), first_[l].end(), 0.0);
    std::fill(second_[l].begin(), second_[l].end(), 0.0);
  }
}

std::vector<double> Scales::inverse(std::size_t layer) const {
  std::vector<double> v = valuesOf(machine_.backend(), *variances_[layer]);
  double mean = 0;
  for (double x : v) mean += x / static_cast<double>(v.size());
  for (double& x : v) x = mean > 0 ? 1 / std::sqrt(std::max(x, leastSpread * leastSpread * mean)) : 1;
  return v;
}

void Scales::update() {
  for (std::size_t c = 0; c < cols_.size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    std::vector<double> a = inverse(coupling.a);
    if (!coupling.graph) {
      machine_.backend().upload(std::span<const double>(a), *rows_[c]);
      machine_.backend().upload(std::span<const double>(inverse(coupling.b)), *cols_[c]);
      continue;
    }
    std::vector<double> each;
    const std::size_t size = coupling.graph->size();
    for (const auto& [i, j] : coupling.graph->edges())
      for (std::size_t k = 0; k < size; ++k)
        for (std::size_t l = 0; l < size; ++l) each.push_back(a[i * size + k] * a[j * size + l]);
    machine_.backend().upload(std::span<const double>(each), *cols_[c]);
  }
}

std::map<std::string, Tensor*> Scales::tensors() {
  std::map<std::string, Tensor*> all;
  for (std::size_t l = 0; l < given_.size(); ++l) all["variance/" + machine_.wiring().layers()[l].name] = variances_[l].get();
  return all;
}

}  // namespace boltzkit
