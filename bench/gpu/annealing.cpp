// Annealed importance sampling of log Z, in one direction, from units with the base rates of the
// data. The temperatures are those of Salakhutdinov & Murray, ICML 2008.
#include <cmath>
#include <vector>

#include "bench.hpp"
#include "likelihood/annealed.hpp"
#include "likelihood/interval.hpp"
#include "likelihood/log_sum.hpp"

namespace boltzkit::bench {
namespace {

struct Estimate {
  double seconds, logZ, standardError, effectiveSampleSize;
};

Estimate estimate(std::shared_ptr<Backend> backend, const Start& start, std::size_t chains, std::size_t temperatures) {
  Machine machine = machineOf(backend, start);
  AnnealingPath path(machine, AnnealingPath::roles(machine.wiring(), noLayer(machine)), {start.down, std::vector<double>(start.up.size())},
                     chains);
  Annealer annealer(path, usualTemperatures(temperatures));
  States states(machine, chains);
  std::vector<double> weights(chains);
  const Cancelled running(false);
  const double seconds =
      secondsOf(*backend, [&] { annealer.forward(states, {{.seed = 1, .purpose = Purpose::evaluation}}, running, weights); });
  const Interval logMeanWeight = logMeanInterval(weights);
  return {seconds, path.logBase() + logMean(weights), (logMeanWeight.high - logMeanWeight.low) / 4, effectiveSampleSize(weights)};
}

}  // namespace

std::vector<Figure> benchAnnealing(const Setting& setting) {
  const std::size_t chains = setting.quick ? 8 : 100, temperatures = setting.quick ? 20 : 14500;
  const Start start = startOf(columnMeans(*setting.rows), setting.quick ? 24 : 500);
  Figure figure{"ais 100 x 14500", "s", false, 2, 0.5, {}, {}, {}, {}, false};
  Estimate last{};
  for (int run = 0; run < (setting.quick ? 1 : 3); ++run) {
    last = estimate(setting.device, start, chains, temperatures);
    figure.runs.push_back(last.seconds);
  }
  const Estimate cpu = estimate(setting.cpu, start, chains, temperatures);
  figure.cpu = cpu.seconds;
  figure.work.add("visible", start.down.size()).add("hidden", start.up.size());
  figure.work.add("runs", chains).add("temperatures", temperatures);
  figure.checks.add("logZ", last.logZ).add("standardError", last.standardError).add("effectiveSampleSize", last.effectiveSampleSize);
  figure.checks.add("cpuLogZ", cpu.logZ).add("cpuStandardError", cpu.standardError);
  figure.validated = std::fabs(last.logZ - cpu.logZ) < 0.01 + 4 * std::hypot(last.standardError, cpu.standardError);
  return {figure};
}

}  // namespace boltzkit::bench
