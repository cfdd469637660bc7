// The native loop without JavaScript: packs the rows, makes a trainer and runs it, as one `fit` call does, linked with the object code of the addon.
// Usage: native native     settings in the environment, see bench/peers/README.md
#include "../peers/harness.hpp"
#include "cpu/cpu_backend.hpp"
#include "cpu/isa.hpp"
#include "learning/contrastive_update.hpp"
#include "learning/trainer.hpp"
#include "machine/machine.hpp"

using namespace boltzkit;

namespace {

TrainerOptions options(int batch) {
  TrainerOptions o;
  o.algorithm = TrainerOptions::Algorithm::cd;
  o.epochs = kCallEpochs;
  o.batchSize = static_cast<std::size_t>(batch);
  o.shuffle = o.centred = o.initialiseFromData = false;
  o.optimiser.momentum = kMomentum;
  o.learningRates = {kRate};
  o.l2 = kDecay;
  o.monitorRows = 0;
  return o;
}

void fit(Machine& machine, const Vec& values, int batch) {
  auto rows = std::make_shared<Rows>(machine.places(0), Domain{});
  rows->append(Rows::Source<float>{values.data(), 0, static_cast<std::ptrdiff_t>(machine.places(0)), 1, values.size() / machine.places(0)});
  machine.backend().run([&] {
    const TrainerOptions o = options(batch);
    Trainer trainer(contrastiveUpdate(machine, o, {{0, rows}}, {}, {}), o, nullptr, false);
    trainer.run(
        trainer.totalSteps(), Cancelled(false), [](const EpochReport&) {}, [](std::uint64_t) {});
  });
}

}  // namespace

int main() {
  const Vec rows = readFloats("BENCH_ROWS");
  Rbm r = readStart(sizeOf("native"));
  auto backend = std::make_shared<cpu::CpuBackend>(cpu::kernelsNamed(cpu::requestedIsa()), setting("BENCH_THREADS", 1));
  const std::size_t visible = r.visibleBias.size(), hidden = r.hiddenBias.size();
  Machine machine(backend, Wiring({{"visible", UnitType::bernoulli, visible}, {"hidden", UnitType::bernoulli, hidden}}, {{0, 1}}), 1, 0.01);
  backend->upload(std::span<const float>(r.weights), machine.weights(0));
  backend->upload(std::span<const float>(r.visibleBias), machine.unitParameters(0));
  backend->upload(std::span<const float>(r.hiddenBias), machine.unitParameters(1));

  Vec seconds, error{reconstructionError(r, rows.data())};
  for (int call = 0; call <= setting("BENCH_EPOCHS", 5); ++call) {  // call 0 warms up
    const double begin = now();
    fit(machine, rows, r.size.batch);
    if (call) seconds.push_back(static_cast<float>((now() - begin) / kCallEpochs));
  }
  backend->download(machine.weights(0), std::span<float>(r.weights));
  backend->download(machine.unitParameters(0), std::span<float>(r.visibleBias));
  backend->download(machine.unitParameters(1), std::span<float>(r.hiddenBias));
  error.push_back(reconstructionError(r, rows.data()));
  print({"core", "native", "mse", seconds, error, ""});
}
