// Block Gibbs sampling of many chains, both layers drawn in each sweep. One update is one unit
// drawn anew, with its field and its random number.
#include <cmath>
#include <vector>

#include "bench.hpp"
#include "machine/gibbs.hpp"

namespace boltzkit::bench {
namespace {

struct Case {
  const char* name;
  std::size_t chains, cpuChains;
  double must, goal;
};

constexpr std::uint64_t checkedSweeps = 10;

// Some of all chains: those from `first` on.
class Sampler {
 public:
  Sampler(std::shared_ptr<Backend> backend, const Start& start, const std::vector<float>& hidden, std::size_t first, std::size_t chains)
      : machine_(machineOf(std::move(backend), start)),
        states_(machine_, chains),
        gibbs_(machine_, noLayer(machine_), chains),
        round_{{.seed = 1, .purpose = Purpose::sample}, static_cast<std::uint32_t>(first)} {
    gibbs_.setAccuracy(Accuracy::draws);
    machine_.backend().upload(std::span(hidden).subspan(first * start.up.size(), chains * start.up.size()), states_[1]);
  }

  // Gives the seconds that these sweeps take.
  double sweep(std::uint64_t sweeps) {
    Backend& backend = machine_.backend();
    const double seconds = secondsOf(backend, [&] { backend.together([&] { gibbs_.sweep(states_, round_, sweeps); }); });
    round_.stream.step += sweeps;
    return seconds;
  }
  double updatesPerNanosecond(std::uint64_t sweeps) {
    const std::size_t units = machine_.places(0) + machine_.places(1);
    return 1e-9 * static_cast<double>(units * sweeps * states_.rows()) / sweep(sweeps);
  }
  std::vector<float> states(std::size_t layer) {
    std::vector<float> values(states_.rows() * machine_.places(layer));
    machine_.backend().download(states_[layer], std::span(values));
    return values;
  }

 private:
  Machine machine_;
  States states_;
  BlockGibbs gibbs_;
  Round round_;
};

// The share of units that one sweep leaves in another state than on the reference backend, of the
// chains first ... first + some - 1.
double differenceFromReference(const Setting& setting, const Start& start, const std::vector<float>& hidden, std::size_t chains,
                               std::size_t first, std::size_t some) {
  Sampler all(setting.device, start, hidden, 0, chains), exact(makeReferenceBackend(), start, hidden, first, some);
  all.sweep(1);
  exact.sweep(1);
  double different = 0;
  for (const std::size_t layer : {std::size_t{0}, std::size_t{1}}) {
    const std::vector<float> got = all.states(layer), want = exact.states(layer);
    const std::size_t places = want.size() / some;
    for (std::size_t i = 0; i < want.size(); ++i) different += got[first * places + i] != want[i];
  }
  return different / static_cast<double>(some * (start.down.size() + start.up.size()));
}

std::vector<double> meansOf(const std::vector<float>& states, std::size_t places) {
  std::vector<double> means(places);
  for (std::size_t i = 0; i < states.size(); ++i) means[i % places] += states[i];
  for (double& mean : means) mean *= static_cast<double>(places) / static_cast<double>(states.size());
  return means;
}

// How far the means of the units are from those of other chains, as a mean square of z-scores:
// about 1, or less where some chains draw the same.
double distanceOfMeans(const std::vector<float>& a, const std::vector<float>& b, std::size_t places) {
  const std::vector<double> p = meansOf(a, places), q = meansOf(b, places);
  const double share = static_cast<double>(places) * (1 / static_cast<double>(a.size()) + 1 / static_cast<double>(b.size()));
  double sum = 0;
  for (std::size_t j = 0; j < places; ++j) {
    const double mean = (p[j] + q[j] + share) / (2 + 2 * share);  // never 0 or 1
    sum += (p[j] - q[j]) * (p[j] - q[j]) / (mean * (1 - mean) * share);
  }
  return sum / static_cast<double>(places);
}

// Enough sweeps for a round to take a tenth of a second.
std::uint64_t sweepsPerRound(Sampler& sampler, bool quick) {
  if (quick) return 1;
  const double one = sampler.sweep(5) / 5;
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(0.1 / one));
}

Figure bench(const Setting& setting, const Case& c, const std::vector<double>& means, std::size_t hiddenUnits) {
  const Start start = startOf(means, hiddenUnits);
  std::vector<float> hidden(c.chains * hiddenUnits);
  Dice dice(5);
  for (float& h : hidden) h = dice.uniform() < 0.15;

  const std::size_t some = std::min<std::size_t>(c.chains / 2, 16);
  const double firstDiffer = differenceFromReference(setting, start, hidden, c.chains, 0, some),
               lastDiffer = differenceFromReference(setting, start, hidden, c.chains, c.chains - some, some);

  Sampler device(setting.device, start, hidden, 0, c.chains), other(setting.cpu, start, hidden, 0, c.cpuChains);
  device.sweep(checkedSweeps);
  other.sweep(checkedSweeps);
  const std::vector<float> visible = device.states(0);
  const double distance = distanceOfMeans(visible, other.states(0), means.size()), cpu = other.updatesPerNanosecond(checkedSweeps);
  double on = 0;
  for (const float v : visible) on += v / static_cast<double>(visible.size());

  const std::uint64_t sweeps = sweepsPerRound(device, setting.quick);
  std::vector<double> runs;
  for (int round = 0; round < (setting.quick ? 1 : 7); ++round) runs.push_back(device.updatesPerNanosecond(sweeps));

  // Each sweep uses each weight twice for each chain.
  const double visibleUnits = static_cast<double>(means.size()), units = visibleUnits + static_cast<double>(hiddenUnits);
  const double weightUses = median(runs) * 2 * visibleUnits * static_cast<double>(hiddenUnits) / units;
  Figure figure{c.name, "unit updates/ns", true, c.must, c.goal, std::move(runs), cpu, {}, {}, false};
  figure.work.add("visible", means.size()).add("hidden", hiddenUnits).add("chains", c.chains);
  figure.work.add("sweepsPerRun", sweeps).add("cpuChains", c.cpuChains).add("visibleOn", on);
  figure.work.add("weightUsesPerNs", weightUses).add("denseTflops", 2e-3 * weightUses);
  figure.checks.add("firstChainsDiffer", firstDiffer).add("lastChainsDiffer", lastDiffer).add("distanceOfMeans", distance);
  figure.validated = firstDiffer < 0.005 && lastDiffer < 0.005 && distance < 2;
  return figure;
}

}  // namespace

std::vector<Figure> benchGibbs(const Setting& setting) {
  const std::vector<double> means = columnMeans(*setting.rows);
  if (setting.quick)
    return {bench(setting, {"gibbs 784-500", 40, 40, 0, 0}, means, 24),
            bench(setting, {"gibbs 4096-4096", 24, 24, 0, 0}, std::vector<double>(48, 0.13), 48)};
  return {bench(setting, {"gibbs 784-500", 16384, 1024, 100, 300}, means, 500),
          bench(setting, {"gibbs 4096-4096", 4096, 256, 40, 80}, std::vector<double>(4096, 0.13), 4096)};
}

}  // namespace boltzkit::bench
