#include "learning/monitor_plan.hpp"

#include <algorithm>
#include <cmath>

#include "likelihood/pseudo_likelihood.hpp"
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
constexpr std::size_t leastUnits = 4;    // the same for units per row
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

// The pseudo-likelihood of a row as a sum over units, with the passes that each takes.
struct UnitWork {
  std::size_t units = 0;  // 0: there is no pseudo-likelihood
  double passes = 0;      // 0: all units at once, at no extra cost
};

UnitWork unitWork(const Machine& machine, const std::vector<bool>& given) {
  if (PseudoLikelihood::obstacle(machine, given)) return {};
  double pass = 0;
  for (const Coupling& c : machine.wiring().couplings())
    pass += c.graph ? 2 * static_cast<double>(c.graph->weights())
                    : static_cast<double>(machine.places(c.a)) * static_cast<double>(machine.places(c.b));
  const double work = PseudoLikelihood::workPerUnit(machine, given);
  return {unitCount(machine, given), work > 0 ? work / pass : 0};
}

// Units per row with the least error for the work. The error of a mean over n rows with u of U units
// each is that of (1 + s (1 / u - 1 / U)) / n. Here s is the variance of U times a random term of a
// row over the variance of rows. It is U for independent terms, and 0.08 U for digits (MNIST), whose
// terms go together; this takes a value between the two.
double balancedUnits(const UnitWork& work, double perRow) {
  if (work.passes == 0) return static_cast<double>(work.units);
  return std::sqrt(0.25 * static_cast<double>(work.units) * perRow / work.passes);
}

std::size_t limited(double value, std::size_t least, std::size_t most) {
  if (!(value > static_cast<double>(least))) return std::min(least, most);
  return value < static_cast<double>(most) ? static_cast<std::size_t>(value) : most;
}

// Divides the work of the metrics between rows and units.
void divide(MonitorPlan& plan, double work, double perRow, const UnitWork& ofUnit, std::size_t available) {
  const double units = balancedUnits(ofUnit, perRow);
  plan.rows = limited(work / (perRow + units * ofUnit.passes), leastRows, plan.rows);
  const double left = work / static_cast<double>(std::min(plan.rows, available)) - perRow;
  plan.units = ofUnit.passes == 0 ? ofUnit.units : limited(left / ofUnit.passes, leastUnits, ofUnit.units);
}

}  // namespace

MonitorPlan planMonitoring(const TrainerOptions& o, const Machine& machine, const LayerData& training, const LayerData* validation) {
  MonitorPlan plan{o.monitorRows};
  if (o.monitorRows == 0) return plan;
  const UnitWork ofUnit = unitWork(machine, training.given());
  const double pass = freeEnergyPass + (summable(machine, training.given()) ? 0 : static_cast<double>(o.positiveSteps) + 1);
  const double perRow = pass * (validation ? 3 : 2), chainPass = pass * static_cast<double>(o.chains);
  plan.units = limited(balancedUnits(ofUnit, perRow), leastUnits, ofUnit.units);
  if (o.monitorBudget == 0) return plan;
  const double epoch = std::ceil(static_cast<double>(training.rows()) / static_cast<double>(o.batchSize)) * updateWork(o);
  const double budget = o.monitorBudget * epoch;
  divide(plan, std::max(0.0, metricsShare * budget - chainPass), perRow, ofUnit, training.rows());
  const double eachRow = perRow + static_cast<double>(plan.units) * ofUnit.passes;
  const double metrics = eachRow * static_cast<double>(std::min(plan.rows, training.rows())) + chainPass;
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
