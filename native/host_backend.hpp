// Common parts of the backends in host memory: row numbers, doubles and outcomes of steps as plain
// values, and operations on few numbers.
#pragma once
#include <algorithm>
#include <cmath>
#include <utility>

#include "backend.hpp"

namespace boltzkit {

struct HostOrder final : Order {
  explicit HostOrder(std::vector<std::uint32_t> numbers) : rows(std::move(numbers)) {}
  std::vector<std::uint32_t> rows;
};

struct HostDoubles final : Doubles {
  explicit HostDoubles(std::size_t n) : Doubles(n), values(n, 0.0) {}
  std::vector<double> values;
};

struct HostOutcome final : StepOutcome {
  Verdict verdict;
};

class HostBackend : public Backend {
 public:
  OrderPtr order(std::vector<std::uint32_t> rows) override { return std::make_unique<HostOrder>(std::move(rows)); }
  DoublesPtr doubles(std::size_t n) override { return std::make_unique<HostDoubles>(n); }
  void read(const Doubles& from, std::span<double> to) override { std::copy_n(numbersOf(from).begin(), to.size(), to.begin()); }

  void mixVariances(double rate, const Doubles& moments, Tensor& variances) override {
    std::vector<double> v = valuesOf(*this, variances);
    const std::vector<double>& m = numbersOf(moments);
    for (std::size_t j = 0; j < v.size(); ++j) {
      const double moved = rate * m[j];
      v[j] = std::max(0.0, (1 - rate) * v[j] + rate * m[v.size() + j] - moved * moved);
    }
    upload(std::span<const double>(v), variances);
  }

  void inverseDeviations(const Tensor& variances, double least, const Graph* graph, Tensor& out) override {
    std::vector<double> v = valuesOf(*this, variances);
    double mean = 0;
    for (const double x : v) mean += x / static_cast<double>(v.size());
    for (double& x : v) x = mean > 0 ? 1 / std::sqrt(std::max(x, least * least * mean)) : 1;
    upload(std::span<const double>(graph ? productsAlong(*graph, v) : v), out);
  }

  void categoryErrors(const Doubles& logs, const Tensor& targets, const Tensor* rowWeights, Tensor& out) override {
    const std::size_t categories = targets.cols();
    std::vector<double> errors = valuesOf(*this, targets);
    const std::vector<double> weights = rowWeights ? valuesOf(*this, *rowWeights) : std::vector<double>(targets.rows(), 1.0);
    for (std::size_t r = 0; r < targets.rows(); ++r)
      categoryErrorsOf(numbersOf(logs).data() + r * categories, categories, weights[r], &errors[r * categories], &errors[r * categories]);
    errors.resize(out.rows() * out.cols());  // it may have room for more rows than there are
    upload(std::span<const double>(errors), out);
  }

  StepOutcomePtr stepOutcome() override { return std::make_unique<HostOutcome>(); }
  Verdict read(const StepOutcome& outcome) override { return static_cast<const HostOutcome&>(outcome).verdict; }
  void reset(StepOutcome& outcome) override { verdictOf(outcome) = {}; }

  void optimise(const OptimiserStep& step, std::span<const ParameterSlot> slots, StepOutcome& outcome) override {
    Verdict& verdict = verdictOf(outcome);
    if (verdict.refused < 0) verdict.refused = takeStep(step, slots);
    if (verdict.refused < 0) {
      ++verdict.accepted;
      return;
    }
    for (const ParameterSlot& slot : slots)
      if (slot.keepStep) fill(0, *slot.gradient);
  }

 protected:
  static Verdict& verdictOf(StepOutcome& outcome) { return static_cast<HostOutcome&>(outcome).verdict; }
  static std::vector<double>& numbersOf(Doubles& d) { return static_cast<HostDoubles&>(d).values; }
  static const std::vector<double>& numbersOf(const Doubles& d) { return static_cast<const HostDoubles&>(d).values; }
  static void put(double value, const RowSum& sum, std::size_t row) {
    double& place = numbersOf(*sum.out)[row];
    place = (sum.accumulate ? place : 0) + sum.factor * value;
  }
  // For each weight of a graph: the product of the values at both places that it joins.
  static std::vector<double> productsAlong(const Graph& graph, std::span<const double> values) {
    std::vector<double> products;
    products.reserve(graph.weights());
    const std::size_t size = graph.size();
    for (const auto& [i, j] : graph.edges())
      for (std::size_t k = 0; k < size; ++k)
        for (std::size_t l = 0; l < size; ++l) products.push_back(values[i * size + k] * values[j * size + l]);
    return products;
  }
  static std::span<const std::uint32_t> rowsOf(const Batch& batch) {
    return std::span(static_cast<const HostOrder&>(*batch.order).rows).subspan(batch.first, batch.count);
  }
  static void refuse(std::ptrdiff_t index, StepOutcome& outcome) {
    Verdict& verdict = verdictOf(outcome);
    if (verdict.refused >= 0) return;
    verdict.refused = index;
    --verdict.accepted;
  }
  // Returns the first slot whose new parameter would be out of bounds, with no parameter changed;
  // or -1.
  virtual std::ptrdiff_t takeStep(const OptimiserStep& step, std::span<const ParameterSlot> slots) = 0;
};

}  // namespace boltzkit
