// Epochs of training through the trainer, with the settings of the peers in bench/peers.
#include <cmath>
#include <vector>

#include "bench.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/trainer.hpp"

namespace boltzkit::bench {
namespace {

using Algorithm = TrainerOptions::Algorithm;

struct Case {
  const char* name;
  Algorithm algorithm;
  std::uint64_t sweeps;
  std::size_t batch;
  double must, goal;
};

constexpr std::uint64_t timedEpochs = 9;

TrainerOptions optionsOf(const Case& c) {
  TrainerOptions o;
  o.algorithm = c.algorithm;
  o.steps = c.sweeps;
  o.chains = o.batchSize = c.batch;
  o.epochs = 1 + timedEpochs;
  o.shuffle = o.centred = o.initialiseFromData = false;
  o.optimiser.momentum = 0.9;
  o.learningRates = {c.algorithm == Algorithm::pcd ? 0.001 : 0.05};
  o.l2 = 1e-4;
  o.monitorRows = 0;
  return o;
}

class Run {
 public:
  Run(const Setting& setting, std::shared_ptr<Backend> backend, const Case& c, const Start& start)
      : machine_(machineOf(std::move(backend), start)),
        trainer_(contrastiveUpdate(machine_, optionsOf(c), {{0, setting.rows}}, {}, {}), optionsOf(c), nullptr, false) {}

  // Gives the seconds that these updates take.
  double update(std::uint64_t updates) {
    return secondsOf(machine_.backend(), [&] { trainer_.run(trainer_.step() + updates, running_, nullptr, nullptr); });
  }
  double epochMilliseconds() { return 1e3 * update(trainer_.stepsPerEpoch()); }
  Start parameters() const {
    const auto values = [&](const Tensor& tensor) { return valuesOf(machine_.backend(), tensor); };
    return {values(machine_.weights(0)), values(machine_.unitParameters(0)), values(machine_.unitParameters(1))};
  }

 private:
  const Cancelled running_{false};
  Machine machine_;
  Trainer trainer_;
};

// Root mean square difference of the weights after some updates, relative to that of the updates.
double divergence(const Start& got, const Start& want, const Start& start) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < want.weights.size(); ++i) {
    error += std::pow(got.weights[i] - want.weights[i], 2);
    size += std::pow(want.weights[i] - start.weights[i], 2);
  }
  return std::sqrt(error / size);
}

// Mean square error of mean-field reconstructions of the first rows.
double reconstructionError(const Start& p, const Rows& rows) {
  const std::size_t visible = p.down.size(), hidden = p.up.size(), count = std::min<std::size_t>(rows.rows(), 200);
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  std::vector<float> row(visible);
  double error = 0;
  for (std::size_t r = 0; r < count; ++r) {
    rows.expand(r, row.data());
    std::vector<double> up = p.up;
    for (std::size_t i = 0; i < visible; ++i)
      for (std::size_t j = 0; j < hidden && row[i] != 0; ++j) up[j] += row[i] * p.weights[i * hidden + j];
    for (double& field : up) field = sigmoid(field);
    for (std::size_t i = 0; i < visible; ++i) {
      double field = p.down[i];
      for (std::size_t j = 0; j < hidden; ++j) field += up[j] * p.weights[i * hidden + j];
      error += std::pow(sigmoid(field) - row[i], 2);
    }
  }
  return error / static_cast<double>(count * visible);
}

// The first updates are held against the reference backend, or against the CPU where that would
// take many seconds. Draws differ where weights are rounded for them, and more so after many
// sweeps: the CPU backend is 0.013 from the reference (CD-1, batch 100) and 0.046 (PCD-10, 1024).
double firstUpdates(const Setting& setting, const Case& c, const Start& start) {
  const bool small = c.batch * c.sweeps <= 100;
  Run device(setting, setting.device, c, start);
  Run other(setting, small ? makeReferenceBackend() : setting.cpu, c, start);
  device.update(small ? 3 : 1);
  other.update(small ? 3 : 1);
  return divergence(device.parameters(), other.parameters(), start);
}

Figure bench(const Setting& setting, const Case& c, const Start& start) {
  const double first = firstUpdates(setting, c, start);
  Run device(setting, setting.device, c, start), other(setting, setting.cpu, c, start);
  device.epochMilliseconds();
  const double cpu = other.epochMilliseconds();
  const double before = reconstructionError(start, *setting.rows), error = reconstructionError(device.parameters(), *setting.rows),
               cpuError = reconstructionError(other.parameters(), *setting.rows);

  std::vector<double> runs;
  for (std::uint64_t epoch = 0; epoch < (setting.quick ? 1 : timedEpochs); ++epoch) runs.push_back(device.epochMilliseconds());

  Figure figure{c.name, "ms/epoch", false, c.must, c.goal, std::move(runs), cpu, {}, {}, false};
  figure.work.add("visible", start.down.size()).add("hidden", start.up.size());
  figure.work.add("rows", setting.rows->rows()).add("batch", c.batch).add("sweeps", c.sweeps);
  figure.checks.add("firstUpdatesDiffer", first)
      .add("errorBefore", before)
      .add("errorAfterEpoch", error)
      .add("cpuErrorAfterEpoch", cpuError);
  figure.validated = first < (c.sweeps > 1 ? 0.2 : 0.05) && std::fabs(error - cpuError) < 0.05 * cpuError;
  return figure;
}

}  // namespace

std::vector<Figure> benchTraining(const Setting& setting) {
  const Start start = startOf(columnMeans(*setting.rows), setting.quick ? 24 : 500);
  const std::size_t small = setting.quick ? 10 : 100, large = setting.quick ? 32 : 1024;
  return {bench(setting, {"cd-1, batch 100", Algorithm::cd, 1, small, 30, 10}, start),
          bench(setting, {"cd-1, batch 1024", Algorithm::cd, 1, large, 0, 0}, start),
          bench(setting, {"pcd-10, batch 1024", Algorithm::pcd, 10, large, 0, 0}, start)};
}

}  // namespace boltzkit::bench
