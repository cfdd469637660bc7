#include "learning/monitor_plan.hpp"

#include <algorithm>
#include <cmath>

#include "monitoring/health.hpp"
#include "monitoring/singular_values.hpp"

namespace boltzkit {
namespace {

// Fixed cost of an operation in rows: 16 for a 784-500 machine, more for smaller ones.
constexpr double perOperation = 16;
// A pass with the logarithms of a free energy or of a pseudo-likelihood.
constexpr double freeEnergyPass = 1.5;
constexpr double metricsShare = 0.5;     // maximum fraction of the budget
constexpr std::size_t leastRows = 100;   // metrics of fewer rows are too noisy
constexpr std::size_t leastChains = 16;  // the same for the spread of chains
constexpr std::size_t mostChains = 100;

using Algorithm = TrainerOptions::Algorithm;

// Number of chains that an update sweeps.
double sweptChains(const TrainerOptions& o) {
  const double chains = static_cast<double>(o.chains);
  switch (o.algorithm) {
    case Algorithm::pcd:
    case Algorithm::fpcd:
      return chains;
    case Algorithm::ptt:
      return 2 * chains;
    case Algorithm::pt:
      return chains * static_cast<double>(o.temperatures.size());
    case Algorithm::cd:
    case Algorithm::meanField:
      return static_cast<double>(o.batchSize);
    case Algorithm::pseudoLikelihood:
    case Algorithm::exact:
      return 0;
  }
  return 0;
}

// Work of one update: means of the hidden layers and statistics in both phases, and two passes per
// sweep.
double updateWork(const TrainerOptions& o) {
  const double chains = sweptChains(o), batch = static_cast<double>(o.batchSize);
  return 2 * (batch + perOperation) + (chains > 0 ? (2 * static_cast<double>(o.steps) + 1) * (chains + perOperation) : 0);
}

double healthWork(std::size_t chains) {
  const double operations = (2 + freeEnergyPass) * static_cast<double>(watchedSweeps) + 2 * (2 * static_cast<double>(startSweeps) + 1);
  return operations * (static_cast<double>(chains) + perOperation) +
         2 * static_cast<double>(subspaceIterations) * (subspace + perOperation);
}

}  // namespace

MonitorPlan planMonitoring(const TrainerOptions& o, const LayerData& training, const LayerData* validation, bool closed) {
  MonitorPlan plan{o.monitorRows, 0, 0};
  if (o.monitorBudget == 0 || o.monitorRows == 0) return plan;
  const double epoch = std::ceil(static_cast<double>(training.rows()) / static_cast<double>(o.batchSize)) * updateWork(o);
  const double budget = o.monitorBudget * epoch, pass = freeEnergyPass + (closed ? 0 : static_cast<double>(o.positiveSteps) + 1);
  const double perRow = pass * (validation ? 3 : 2), chainPass = pass * static_cast<double>(o.chains);
  plan.rows = std::min(plan.rows, std::max(leastRows, static_cast<std::size_t>(std::max(0.0, metricsShare * budget - chainPass) / perRow)));
  const double metrics = plan.rows == 0 ? 0 : perRow * static_cast<double>(std::min(plan.rows, training.rows())) + chainPass;
  const std::size_t all = std::min(mostChains, std::max<std::size_t>(o.chains, 2));
  const std::size_t least = std::min(leastChains, all);
  // Metrics on leastRows may exceed their half of the budget. Health keeps its half anyway.
  const double left = budget - std::min(metrics, metricsShare * budget);
  const double epochs = std::ceil(healthWork(least) / left);
  if (!(epochs <= static_cast<double>(o.epochs))) return plan;
  plan.every = static_cast<std::uint64_t>(epochs);
  plan.chains = least;
  while (plan.chains < all && healthWork(plan.chains + 1) <= epochs * left) ++plan.chains;
  return plan;
}

}  // namespace boltzkit
