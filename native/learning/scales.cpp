#include "learning/scales.hpp"

#include <algorithm>
#include <cmath>

#include "learning/start_values.hpp"

namespace boltzkit {
namespace {

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
  Backend& backend = machine.backend();
  for (std::size_t l = 0; l < given.size(); ++l) {
    variances_.push_back(backend.tensor(1, machine.places(l)));
    moments_.push_back(given[l] ? nullptr : backend.doubles(2 * machine.places(l)));
  }
  for (const Coupling& c : machine.wiring().couplings()) {
    rows_.push_back(c.graph ? nullptr : backend.tensor(1, machine.places(c.a)));
    cols_.push_back(backend.tensor(1, c.graph ? c.graph->weights() : machine.places(c.b)));
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
  Backend& backend = machine_.backend();
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (given_[l]) continue;
    const TensorPtr noField = backend.tensor(1, machine_.places(l)), mean = backend.tensor(1, machine_.places(l));
    backend.updateUnits({machine_.unitsOf(l)}, *noField, mean.get(), nullptr);
    backend.moments({machine_.unitsOf(l), mean.get(), mean.get(), true, noField.get()}, false, *moments_[l]);
    backend.mixVariances(1, *moments_[l], *variances_[l]);
  }
}

void Scales::add(const Phase& phase, const Tensor* rowWeights, double alpha, const std::vector<TensorPtr>& offsets, bool first) {
  for (std::size_t l = 0; l < given_.size(); ++l) {
    if (given_[l]) continue;
    const Tensor* means = phase.means[l].get();
    machine_.backend().moments(
        {machine_.unitsOf(l), means ? means : &phase.states[l], offsets[l].get(), means != nullptr, phase.fields[l], rowWeights, alpha},
        !first, *moments_[l]);
  }
}

void Scales::follow(double rate) {
  for (std::size_t l = 0; l < given_.size(); ++l)
    if (!given_[l]) machine_.backend().mixVariances(rate, *moments_[l], *variances_[l]);
}

void Scales::update() {
  auto write = [&](std::size_t layer, const Graph* graph, Tensor& out) {
    machine_.backend().inverseDeviations(*variances_[layer], leastSpread, graph, out);
  };
  for (std::size_t c = 0; c < cols_.size(); ++c) {
    const Coupling& coupling = machine_.wiring().couplings()[c];
    if (!coupling.graph) write(coupling.a, nullptr, *rows_[c]);
    write(coupling.b, coupling.graph.get(), *cols_[c]);
  }
}

std::map<std::string, Tensor*> Scales::tensors() {
  std::map<std::string, Tensor*> all;
  for (std::size_t l = 0; l < given_.size(); ++l) all["variance/" + machine_.wiring().layers()[l].name] = variances_[l].get();
  return all;
}

}  // namespace boltzkit
